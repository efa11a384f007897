// Command istio writes the descriptors of Istio's API, as the published Go module registers them, to the folder given,
// and beside them the collections that istiod asks a config source for, read from istiod's own source.
package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"strconv"

	"mirrorplane/protos/set"
)

type collection struct {
	Group   string   `json:"group"`
	Kind    string   `json:"kind"`
	Plural  string   `json:"plural"`
	Version string   `json:"version"`
	Aliases []string `json:"aliases,omitempty"`
	Message string   `json:"message"`
	Cluster bool     `json:"clusterScoped,omitempty"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: istio FOLDER VERSION-OF-ISTIOD COLLECTIONS.GEN.GO")
	}
	folder := os.Args[1]
	manifest := set.Of("istio.io/api")
	manifest.Write(folder, "istio-v1.31.binpb.gz", set.Closure(set.Registered()))
	set.WriteJSON(folder, "istio-manifest.json", struct {
		*set.Manifest
		Istiod      string       `json:"istiod"`
		Collections []collection `json:"collections"`
	}{manifest, os.Args[2], collections(os.Args[3])})
}

// collections is the value of `Pilot`, in its order: what istiod asks for.
func collections(path string) []collection {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	set.Must(err)
	known := map[string]collection{}
	var wanted []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if spec.Names[0].Name == "Pilot" {
			wanted = added(spec.Values[0])
		} else if c, ok := built(spec.Values[0]); ok {
			known[spec.Names[0].Name] = c
		}
		return false
	})
	var found []collection
	for _, name := range wanted {
		c, ok := known[name]
		if !ok {
			log.Fatalf("no collection %s in %s", name, path)
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		log.Fatalf("no collections in %s", path)
	}
	return found
}

// added is the names in a chain of calls `x.MustAdd(Name)`, first to last.
func added(expr ast.Expr) []string {
	call, ok := expr.(*ast.CallExpr)
	if !ok {
		return nil
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	names := added(method.X)
	if method.Sel.Name == "MustAdd" {
		names = append(names, call.Args[0].(*ast.Ident).Name)
	}
	return names
}

// built is `resource.Builder{...}.MustBuild()`.
func built(expr ast.Expr) (collection, bool) {
	var c collection
	call, ok := expr.(*ast.CallExpr)
	if !ok {
		return c, false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "MustBuild" {
		return c, false
	}
	literal, ok := method.X.(*ast.CompositeLit)
	if !ok {
		return c, false
	}
	for _, element := range literal.Elts {
		pair := element.(*ast.KeyValueExpr)
		switch pair.Key.(*ast.Ident).Name {
		case "Group":
			c.Group = text(pair.Value)
		case "Kind":
			c.Kind = text(pair.Value)
		case "Plural":
			c.Plural = text(pair.Value)
		case "Version":
			c.Version = text(pair.Value)
		case "Proto":
			c.Message = text(pair.Value)
		case "ClusterScoped":
			c.Cluster = pair.Value.(*ast.Ident).Name == "true"
		case "VersionAliases":
			for _, alias := range pair.Value.(*ast.CompositeLit).Elts {
				c.Aliases = append(c.Aliases, text(alias))
			}
		}
	}
	return c, true
}

func text(expr ast.Expr) string {
	value, err := strconv.Unquote(expr.(*ast.BasicLit).Value)
	set.Must(err)
	return value
}
