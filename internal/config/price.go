package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// Price is what an instance of a type costs.
type Price struct {
	Type     string  `yaml:"type" doc:"Instance type, such as c3.2xlarge."`
	Platform string  `yaml:"platform" oneof:"linux windows" default:"both" doc:"Platform for which the price is."`
	Hour     float64 `yaml:"hour" doc:"US dollars an hour, such as 0.42."`
}

func (d *decoder) checkPrices(prices []Price) {
	for i, p := range prices {
		at := fmt.Sprintf("prices[%d]", i)
		if p.Type == "" {
			d.missing(at, "type", at+" names no instance type", "add type: c3.2xlarge, or whatever the price is for")
		}
		if p.Hour == 0 {
			d.missing(at, "hour", at+" has no price", "add hour: with US dollars, such as 0.42")
		}
	}
}

// decimal takes a number above 0.
func (d *decoder) decimal(path string, node ast.Node, p *float64, _ reflect.StructTag) {
	switch node.(type) {
	case *ast.FloatNode, *ast.IntegerNode:
	default:
		d.wrongType(path, node, "a number", "write digits, such as 0.42, without quotes")
		return
	}
	v, err := strconv.ParseFloat(node.GetToken().Value, 64)
	if err != nil || v <= 0 || math.IsInf(v, 0) {
		d.wrong(path, node, path+" is out of range", "write a number above 0, such as 0.42")
		return
	}
	*p = v
}
