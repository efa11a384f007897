// Package set writes descriptors that Go packages register as data, with a manifest beside it.
package set

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

// File is one set in a manifest.
type File struct {
	Files  int    `json:"files"`
	SHA256 string `json:"sha256"`
}

// Manifest says which sets were made of which module.
type Manifest struct {
	Module  string          `json:"module"`
	Version string          `json:"version"`
	Sets    map[string]File `json:"sets"`
}

// Of begins a manifest for a module that this program is built with.
func Of(module string) *Manifest {
	m := &Manifest{Module: module, Sets: map[string]File{}}
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == module {
			m.Version = dep.Version
		}
	}
	return m
}

// Registered is every file that the packages of this program register.
func Registered() []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		all = append(all, f)
		return true
	})
	return all
}

// Closure is the files and all they import, each after its imports, in one order for one input.
func Closure(files []protoreflect.FileDescriptor) *descriptorpb.FileDescriptorSet {
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

// Write puts the set beside the manifest, compressed where its name says so.
func (m *Manifest) Write(folder, name string, set *descriptorpb.FileDescriptorSet) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	Must(err)
	if filepath.Ext(name) == ".gz" {
		var buf bytes.Buffer
		w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		_, err = w.Write(data)
		Must(err)
		Must(w.Close())
		data = buf.Bytes()
	}
	sum := sha256.Sum256(data)
	m.Sets[name] = File{Files: len(set.File), SHA256: hex.EncodeToString(sum[:])}
	Must(os.WriteFile(filepath.Join(folder, name), data, 0o644))
}

// WriteJSON writes a value as people read it.
func WriteJSON(folder, name string, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	Must(err)
	Must(os.WriteFile(filepath.Join(folder, name), append(text, '\n'), 0o644))
}

// Must ends the program on an error.
func Must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
