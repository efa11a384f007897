// Reads a resource per line, as JSON, and writes for each what istiod says of it when it comes from a config source: a
// line with nothing in it where it is taken, else why not. How it is run: ../istio-verdicts.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	istio "istio.io/istio/pkg/log"
)

type document struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   metadata        `json:"metadata"`
	Spec       json.RawMessage `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func main() {
	log.SetFlags(0)
	// Its warnings would stand among the answers.
	options := istio.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	if err := istio.Configure(options); err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		fmt.Println(verdict(lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func verdict(line []byte) string {
	var one document
	if err := json.Unmarshal(line, &one); err != nil {
		log.Fatal(err)
	}
	group, version, _ := strings.Cut(one.APIVersion, "/")
	schema, ok := collections.Pilot.FindByGroupVersionAliasesKind(
		config.GroupVersionKind{Group: group, Version: version, Kind: one.Kind})
	if !ok {
		return "nothing that istiod takes"
	}
	spec, err := crd.FromJSON(schema, string(one.Spec))
	if err != nil {
		return said(err)
	}
	// Over the wire and back: what is empty is gone then, as it is when it comes from a config source.
	from := spec.(proto.Message)
	wire, err := proto.Marshal(from)
	if err != nil {
		return said(err)
	}
	to := from.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(wire, to); err != nil {
		return said(err)
	}
	_, err = schema.ValidateConfig(config.Config{
		Meta: config.Meta{
			GroupVersionKind: schema.GroupVersionKind(),
			Name:             one.Metadata.Name,
			Namespace:        one.Metadata.Namespace,
			Labels:           one.Metadata.Labels,
			Annotations:      one.Metadata.Annotations,
		},
		Spec: to,
	})
	if err != nil {
		return said(err)
	}
	return ""
}

// Never empty, and in one line.
func said(err error) string {
	return strings.Join(strings.Fields("refused: "+err.Error()), " ")
}
