// Command gen writes the Envoy API's descriptors, as the published Go module registers them, to the folder given.
package main

import (
	"log"
	"os"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"mirrorplane/protos/set"
)

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

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen FOLDER")
	}
	folder := os.Args[1]
	manifest := set.Of("github.com/envoyproxy/go-control-plane/envoy")
	var some []protoreflect.FileDescriptor
	for _, path := range transport {
		f, err := protoregistry.GlobalFiles.FindFileByPath(path)
		set.Must(err)
		some = append(some, f)
	}
	manifest.Write(folder, "envoy-v1.40.0.binpb.gz", set.Closure(set.Registered()))
	manifest.Write(folder, "transport-v1.40.0.binpb", set.Closure(some))
	set.WriteJSON(folder, "manifest.json", manifest)
}
