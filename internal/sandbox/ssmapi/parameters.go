package ssmapi

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
)

// Types of a parameter.
const (
	typeString = "String"
	typeList   = "StringList"
	typeSecure = "SecureString"
)

// Tiers of a parameter, and how many bytes a value of each may have.
const (
	tierStandard    = "Standard"
	tierAdvanced    = "Advanced"
	tierIntelligent = "Intelligent-Tiering"

	standardSize = 4096
	advancedSize = 8192
)

// maxVersions is how many versions of a parameter are kept.
const maxVersions = 100

// defaultKey encrypts a SecureString that names no key.
const defaultKey = "alias/aws/ssm"

// version is one value of a parameter.
type version struct {
	Number                             int64
	Type, Value, KeyID, Tier, DataType string
	Description                        string
	Modified                           time.Time
}

// parameters are the account's; the caller of a method holds mu.
type parameters struct {
	arn   string // without a name
	clock *clock.Clock

	mu   sync.Mutex
	byID map[string][]version // by name, oldest first; never empty
}

func newParameters(arn string, c *clock.Clock) *parameters {
	return &parameters{arn: arn, clock: c, byID: map[string][]version{}}
}

// names returns all names in order.
func (p *parameters) names() []string { return slices.Sorted(maps.Keys(p.byID)) }

func (p *parameters) latest(name string) (version, bool) {
	versions := p.byID[name]
	if len(versions) == 0 {
		return version{}, false
	}
	return versions[len(versions)-1], true
}

// find resolves NAME, NAME:VERSION and the ARN of either.
func (p *parameters) find(id string) (name string, v version, selector string, err error) {
	if rest, isARN := strings.CutPrefix(id, p.arn); isARN {
		id = strings.TrimPrefix(rest, "/")
		if strings.Contains(id, "/") {
			id = "/" + id
		}
	}
	name, selector, selected := strings.Cut(id, ":")
	versions := p.byID[name]
	if len(versions) == 0 {
		return name, v, "", refuse("ParameterNotFound", "")
	}
	if !selected {
		return name, versions[len(versions)-1], "", nil
	}
	for _, v := range versions {
		if strconv.FormatInt(v.Number, 10) == selector {
			return name, v, ":" + selector, nil
		}
	}
	return name, v, "", refuse("ParameterVersionNotFound",
		"Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
}

// shownParameter is a parameter as Get shows it.
type shownParameter struct {
	ARN              string
	DataType         string
	LastModifiedDate float64 // seconds since 1970
	Name             string
	Selector         string `json:",omitempty"`
	Type             string
	Value            string
	Version          int64
}

func (p *parameters) show(name string, v version, selector string, decrypt bool) shownParameter {
	return shownParameter{ARN: p.arnOf(name), DataType: v.DataType, LastModifiedDate: seconds(v.Modified), Name: name,
		Selector: selector, Type: v.Type, Value: v.shown(decrypt), Version: v.Number}
}

func (p *parameters) arnOf(name string) string { return p.arn + "/" + strings.TrimPrefix(name, "/") }

// shown is the value, or what stands for its encryption.
func (v version) shown(decrypt bool) string {
	if v.Type != typeSecure || decrypt {
		return v.Value
	}
	sum := sha256.Sum256([]byte(v.KeyID + v.Value))
	return "AQICAH" + base64.StdEncoding.EncodeToString(sum[:])
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// putRequest is PutParameter's.
type putRequest struct {
	Name, Value, Type, KeyId, Tier, DataType, Description string
	Overwrite                                             bool
	Tags                                                  []struct{ Key, Value string }
}

func (p *parameters) put(r *putRequest) (any, error) {
	was, exists := p.latest(r.Name)
	if err := checkName(r.Name); err != nil {
		return nil, err
	}
	if exists && !r.Overwrite {
		return nil, refuse("ParameterAlreadyExists",
			"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	}
	if exists && len(r.Tags) > 0 {
		return nil, invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. " +
			"To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	v := version{Number: was.Number + 1, Type: r.Type, Value: r.Value, DataType: "text", Description: r.Description, Modified: p.clock.Now()}
	if v.Type == "" {
		v.Type = was.Type
	}
	if err := r.checkValue(v.Type); err != nil {
		return nil, err
	}
	if v.Type == typeSecure {
		v.KeyID = r.KeyId
		if v.KeyID == "" {
			v.KeyID = defaultKey
		}
	}
	var err error
	if v.Tier, err = r.tier(was.Tier); err != nil {
		return nil, err
	}
	versions := append(p.byID[r.Name], v)
	p.byID[r.Name] = versions[max(0, len(versions)-maxVersions):]
	return struct {
		Tier    string
		Version int64
	}{v.Tier, v.Number}, nil
}

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkName follows the constraints that PutParameter's reference gives.
func checkName(name string) error {
	const maxName, maxLevels = 1011, 15
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "" || len(name) > maxName || !nameForm.MatchString(name):
		return invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; " +
			"each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm"):
		return invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive), except global parameter name path prefixed with \"aws\" or \"ssm\".")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.Count(name, "/") > maxLevels:
		return refuse("HierarchyLevelLimitExceededException", "Parameter name exceeds the maximum of %d levels.", maxLevels)
	}
	return nil
}

func (r *putRequest) checkValue(kind string) error {
	switch {
	case kind == "":
		return invalid("A parameter type is required when you create a parameter.")
	case kind != typeString && kind != typeList && kind != typeSecure:
		return refuse("UnsupportedParameterType", "The parameter type %s is not supported.", kind)
	case r.Value == "":
		return invalid("1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.")
	case strings.Contains(r.Value, "{{"):
		return invalid("Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.")
	case kind != typeSecure && r.KeyId != "":
		return invalid("KeyId is required for SecureString type parameter only.")
	}
	return nil
}

// tier returns the one that the value is kept in.
func (r *putRequest) tier(was string) (string, error) {
	size := len(r.Value)
	tier := r.Tier
	if tier == tierIntelligent {
		tier = tierStandard
		if size > standardSize || was == tierAdvanced {
			tier = tierAdvanced
		}
	}
	if tier == "" {
		tier = tierStandard
	}
	switch {
	case tier != tierStandard && tier != tierAdvanced:
		return "", invalid("1 validation error detected: Value '%s' at 'tier' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]", tier)
	case tier == tierStandard && was == tierAdvanced:
		return "", invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. " +
			"If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	case tier == tierStandard && size > standardSize:
		return "", invalid("Standard tier parameters support a maximum parameter value of %d characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.", standardSize)
	case size > advancedSize:
		return "", invalid("Advanced tier parameters support a maximum parameter value of %d characters.", advancedSize)
	}
	return tier, nil
}
