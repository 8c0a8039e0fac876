package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every code of a problem and every kind of an EC2 error has a row in the page,
// and no row is left of one that is gone.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	codes := codesIn(t, "../internal")
	if len(codes) < 40 {
		t.Fatalf("only %d codes were found in the source: %v", len(codes), codes)
	}
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(read(t, "troubleshooting.md"), -1) {
		rows = append(rows, m[1])
	}
	for _, code := range codes {
		if !slices.Contains(rows, code) {
			t.Errorf("troubleshooting.md has no row for `%s`", code)
		}
	}
	for _, row := range rows {
		if !slices.Contains(codes, row) {
			t.Errorf("troubleshooting.md has a row for `%s`, which nothing reports", row)
		}
	}
}

// codesIn reads the source: the codes in composite literals and constants, those
// that are handed to functions as an argument named code, and the kinds of
// package cloud.
func codesIn(t *testing.T, root string) []string {
	t.Helper()
	var codes []string
	byFolder := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "sandbox" || d.Name() == "testdata" || d.Name() == "winrm") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			byFolder[filepath.Dir(path)] = append(byFolder[filepath.Dir(path)], file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, files := range byFolder {
		takers := codeTakers(files)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				codes = append(codes, codesAt(n, takers, filepath.Base(folder) == "cloud")...)
				return true
			})
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// codeTakers are the functions that have a parameter named code, and its place.
func codeTakers(files []*ast.File) map[string]int {
	takers := map[string]int{}
	note := func(name string, f *ast.FuncType) {
		n := 0
		for _, field := range f.Params.List {
			for _, p := range field.Names {
				if kind, ok := field.Type.(*ast.Ident); ok && p.Name == "code" && kind.Name == "string" {
					takers[name] = n
				}
				n++
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				note(n.Name.Name, n.Type)
			case *ast.AssignStmt:
				if lit, ok := n.Rhs[0].(*ast.FuncLit); ok {
					if name, ok := n.Lhs[0].(*ast.Ident); ok {
						note(name.Name, lit.Type)
					}
				}
			}
			return true
		})
	}
	return takers
}

func codesAt(n ast.Node, takers map[string]int, kinds bool) (codes []string) {
	add := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(s) {
			codes = append(codes, s)
		}
	}
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
			add(n.Value)
		}
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			name, isIdent := l.(*ast.Ident)
			field, isField := l.(*ast.SelectorExpr)
			if i < len(n.Rhs) && (isIdent && name.Name == "code" || isField && field.Sel.Name == "Code") {
				add(n.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		kind, _ := n.Type.(*ast.Ident)
		for i, name := range n.Names {
			if i < len(n.Values) && (strings.HasPrefix(name.Name, "Code") || kinds && kind != nil && kind.Name == "Kind") {
				add(n.Values[i])
			}
		}
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if at, ok := takers[name]; ok && at < len(n.Args) {
			add(n.Args[at])
		}
	}
	return codes
}
