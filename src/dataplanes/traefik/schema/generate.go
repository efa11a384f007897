// Writes fields.ts: the fields of Traefik's dynamic configuration, read from the declarations in its published Go module.
// The types cannot be compiled here (the module needs a sibling that is not published), so their source is parsed.
//
//	go run src/dataplanes/traefik/schema/generate.go v3.7.13 > fields.ts
//
// and Prettier over it.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

const module = "github.com/traefik/traefik/v3"

type declaration struct {
	spec    ast.Expr
	imports map[string]string
	pkg     string
}

var (
	root     string
	packages = map[string]map[string]declaration{}
	structs  = map[string][]string{}
	owners   = map[string]string{}
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: generate VERSION")
	}
	root = fetch(os.Args[1])
	name := kind("pkg/config/dynamic", nil, ast.NewIdent("Configuration"))
	names := make([]string, 0, len(structs))
	for one := range structs {
		names = append(names, one)
	}
	sort.Strings(names)
	fmt.Printf("/** Made by generate.go from %s %s. How to read it: see ./objects.ts. */\n", module, os.Args[1])
	fmt.Printf("export const ROOT = '%s';\n\nexport const FIELDS: Readonly<Record<string, string>> = {\n", name)
	for _, one := range names {
		fmt.Printf("  %s: '%s',\n", one, strings.Join(structs[one], " "))
	}
	fmt.Println("};")
}

func fetch(version string) string {
	command := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	command.Dir = os.TempDir()
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		log.Fatal(err)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		log.Fatal(err)
	}
	return found.Dir
}

func load(pkg string) map[string]declaration {
	if known, ok := packages[pkg]; ok {
		return known
	}
	found := map[string]declaration{}
	packages[pkg] = found
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil || len(files) == 0 {
		log.Fatalf("no source of %s", pkg)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			log.Fatal(err)
		}
		imports := map[string]string{}
		for _, one := range file.Imports {
			target := strings.Trim(one.Path.Value, `"`)
			alias := target[strings.LastIndex(target, "/")+1:]
			if one.Name != nil {
				alias = one.Name.Name
			}
			imports[alias] = target
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok {
				found[spec.Name.Name] = declaration{spec.Type, imports, pkg}
			}
			return true
		})
	}
	return found
}

// How fields.ts spells the type of an expression in a package.
func kind(pkg string, imports map[string]string, expr ast.Expr) string {
	switch one := expr.(type) {
	case *ast.StarExpr:
		return kind(pkg, imports, one.X)
	case *ast.ArrayType:
		return "[" + kind(pkg, imports, one.Elt) + "]"
	case *ast.MapType:
		return "{" + kind(pkg, imports, one.Value) + "}"
	case *ast.InterfaceType:
		return "any"
	case *ast.SelectorExpr:
		return imported(imports[one.X.(*ast.Ident).Name], one.Sel.Name)
	case *ast.Ident:
		if named, ok := load(pkg)[one.Name]; ok {
			if body, ok := named.spec.(*ast.StructType); ok {
				return object(one.Name, named, body)
			}
			return kind(pkg, named.imports, named.spec)
		}
		return basic(one.Name)
	}
	log.Fatalf("%s: %T is not understood", pkg, expr)
	return ""
}

func imported(path, name string) string {
	if strings.HasSuffix(path, "/paerser/types") || path == "time" {
		if name != "Duration" {
			log.Fatalf("%s.%s is not understood", path, name)
		}
		return "duration"
	}
	if pkg, ok := strings.CutPrefix(path, module+"/"); ok {
		return kind(pkg, nil, ast.NewIdent(name))
	}
	if strings.HasSuffix(path, "grpc/codes") {
		return "int"
	}
	log.Fatalf("%s.%s is not understood", path, name)
	return ""
}

func basic(name string) string {
	switch name {
	case "string", "bool", "any":
		return name
	case "float32", "float64":
		return "float"
	case "int", "int32", "int64", "uint", "uint32", "uint64":
		return strings.TrimRight(name, "3264")
	}
	log.Fatalf("type %s is not understood", name)
	return ""
}

func object(name string, named declaration, body *ast.StructType) string {
	for owners[name] != "" && owners[name] != named.pkg {
		name += "_"
	}
	if owners[name] != "" {
		return name
	}
	owners[name] = named.pkg
	structs[name] = fieldsOf(name, named, body)
	return name
}

func fieldsOf(name string, named declaration, body *ast.StructType) []string {
	var fields []string
	for _, field := range body.Fields.List {
		var tag reflect.StructTag
		if field.Tag != nil {
			tag = reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
		}
		yaml, _, _ := strings.Cut(tag.Get("yaml"), ",")
		if tag.Get("file") == "-" || yaml == "-" {
			continue
		}
		if ident, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 {
			inner := load(named.pkg)[ident.Name]
			fields = append(fields, fieldsOf(ident.Name, inner, inner.spec.(*ast.StructType))...)
		}
		for _, ident := range field.Names {
			if !ident.IsExported() {
				continue
			}
			key := yaml
			if key == "" {
				key = strings.ToLower(ident.Name[:1]) + ident.Name[1:]
			}
			// Traefik goes by the name in Go, in any case.
			if !strings.EqualFold(key, ident.Name) {
				log.Fatalf("%s.%s is spelt %s in YAML", name, ident.Name, key)
			}
			mark := ""
			if tag.Get("file") == "allowEmpty" {
				mark = "?"
			}
			fields = append(fields, key+":"+kind(named.pkg, named.imports, field.Type)+mark)
		}
	}
	return fields
}
