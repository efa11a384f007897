// Command gen writes the Envoy API's descriptors, as the published Go module registers them, to the folder given.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

const module = "github.com/envoyproxy/go-control-plane/envoy"

// The services that the server speaks.
var transport = []string{
	"envoy/service/discovery/v3/ads.proto",
	"envoy/service/cluster/v3/cds.proto",
	"envoy/service/endpoint/v3/eds.proto",
	"envoy/service/listener/v3/lds.proto",
	"envoy/service/route/v3/rds.proto",
	"envoy/service/runtime/v3/rtds.proto",
	"envoy/service/secret/v3/sds.proto",
	"envoy/service/load_stats/v3/lrs.proto",
}

type file struct {
	Files  int    `json:"files"`
	SHA256 string `json:"sha256"`
}

type manifest struct {
	Module  string          `json:"module"`
	Version string          `json:"version"`
	Sets    map[string]file `json:"sets"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen FOLDER")
	}
	m := manifest{Module: module, Version: version(), Sets: map[string]file{}}
	var all []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		all = append(all, f)
		return true
	})
	var some []protoreflect.FileDescriptor
	for _, path := range transport {
		f, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			log.Fatal(err)
		}
		some = append(some, f)
	}
	write(os.Args[1], "envoy-v1.40.0.binpb.gz", closure(all), &m)
	write(os.Args[1], "transport-v1.40.0.binpb", closure(some), &m)
	text, _ := json.MarshalIndent(m, "", "  ")
	must(os.WriteFile(filepath.Join(os.Args[1], "manifest.json"), append(text, '\n'), 0o644))
}

// closure is the files and all they import, each after its imports, in one order for one input.
func closure(files []protoreflect.FileDescriptor) *descriptorpb.FileDescriptorSet {
	sort.Slice(files, func(i, j int) bool { return files[i].Path() < files[j].Path() })
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var visit func(protoreflect.FileDescriptor)
	visit = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			visit(f.Imports().Get(i))
		}
		d := protodesc.ToFileDescriptorProto(f)
		d.SourceCodeInfo = nil
		set.File = append(set.File, d)
	}
	for _, f := range files {
		visit(f)
	}
	return set
}

func write(folder, name string, set *descriptorpb.FileDescriptorSet, m *manifest) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	must(err)
	if filepath.Ext(name) == ".gz" {
		var buf bytes.Buffer
		w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		_, err = w.Write(data)
		must(err)
		must(w.Close())
		data = buf.Bytes()
	}
	sum := sha256.Sum256(data)
	m.Sets[name] = file{Files: len(set.File), SHA256: hex.EncodeToString(sum[:])}
	must(os.WriteFile(filepath.Join(folder, name), data, 0o644))
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return ""
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
