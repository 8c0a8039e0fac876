package ec2api

import (
	"encoding/base64"
	"slices"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type instanceAttributeRequest struct {
	dry
	InstanceID string `q:"InstanceId"`
	Attribute  string `q:"Attribute"`
}

type boolItem struct {
	Value bool `xml:"value"`
}

type instanceAttributeResponse struct {
	InstanceID         string               `xml:"instanceId"`
	Groups             *set[groupRef]       `xml:"groupSet"`
	BlockDevices       *set[attachmentItem] `xml:"blockDeviceMapping"`
	Type               *valueItem           `xml:"instanceType"`
	UserData           *valueItem           `xml:"userData"`
	ShutdownBehavior   *valueItem           `xml:"instanceInitiatedShutdownBehavior"`
	RootDeviceName     *valueItem           `xml:"rootDeviceName"`
	SriovNetSupport    *valueItem           `xml:"sriovNetSupport"`
	DisableTermination *boolItem            `xml:"disableApiTermination"`
	DisableStop        *boolItem            `xml:"disableApiStop"`
	EBSOptimized       *boolItem            `xml:"ebsOptimized"`
	ENASupport         *boolItem            `xml:"enaSupport"`
	SourceDestCheck    *boolItem            `xml:"sourceDestCheck"`
}

func describeInstanceAttribute(c *call, r *instanceAttributeRequest) (any, error) {
	found, err := c.findInstances([]string{r.InstanceID}, nil)
	if err != nil {
		return nil, err
	}
	in, response := found[0], instanceAttributeResponse{InstanceID: r.InstanceID}
	switch r.Attribute {
	case "groupSet":
		response.Groups = new(c.reservationItem("", found).Instances.Items[0].Groups)
	case "blockDeviceMapping":
		response.BlockDevices = new(setOf(in.Volumes, attachment))
	case "instanceType":
		response.Type = &valueItem{in.Type}
	case "userData":
		response.UserData = &valueItem{base64.StdEncoding.EncodeToString(in.UserData)}
	case "instanceInitiatedShutdownBehavior":
		response.ShutdownBehavior = &valueItem{in.ShutdownBehavior}
	case "rootDeviceName":
		response.RootDeviceName = &valueItem{in.RootDeviceName}
	case "sriovNetSupport":
		response.SriovNetSupport = &valueItem{in.Sriov}
	case "disableApiTermination":
		response.DisableTermination = &boolItem{in.DisableAPITermination}
	case "disableApiStop":
		response.DisableStop = &boolItem{in.DisableAPIStop}
	case "ebsOptimized":
		response.EBSOptimized = &boolItem{in.EBSOptimized}
	case "enaSupport":
		response.ENASupport = &boolItem{in.ENA}
	case "sourceDestCheck":
		response.SourceDestCheck = &boolItem{true}
	default:
		return nil, ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", r.Attribute)
	}
	return response, nil
}

type boolParam struct {
	Value *bool `q:"Value"`
}

type modifyInstanceRequest struct {
	dry
	InstanceID         string      `q:"InstanceId"`
	Attribute          string      `q:"Attribute"`
	Value              *string     `q:"Value"`
	GroupIDs           []string    `q:"GroupId"`
	Type               *valueParam `q:"InstanceType"`
	ShutdownBehavior   *valueParam `q:"InstanceInitiatedShutdownBehavior"`
	DisableTermination *boolParam  `q:"DisableApiTermination"`
	DisableStop        *boolParam  `q:"DisableApiStop"`
	EBSOptimized       *boolParam  `q:"EbsOptimized"`
	ENASupport         *boolParam  `q:"EnaSupport"`
	UserData           *struct {
		Value []byte `q:"Value"`
	} `q:"UserData"`
}

func modifyInstanceAttribute(c *call, r *modifyInstanceRequest) (any, error) {
	r.fromAttribute()
	return ok{true}, c.state.ChangeInstance(r.InstanceID, r.DryRun, func(in *ec2state.Instance) error {
		switch {
		case len(r.GroupIDs) > 0:
			in.Groups = slices.Clone(r.GroupIDs)
		case r.Type != nil:
			in.Type = valueOr(r.Type.Value, "")
		case r.ShutdownBehavior != nil:
			in.ShutdownBehavior = valueOr(r.ShutdownBehavior.Value, "")
			if in.ShutdownBehavior != "stop" && in.ShutdownBehavior != "terminate" {
				return invalidValue("instanceInitiatedShutdownBehavior", in.ShutdownBehavior)
			}
		case r.DisableTermination != nil:
			in.DisableAPITermination = valueOr(r.DisableTermination.Value, false)
		case r.DisableStop != nil:
			in.DisableAPIStop = valueOr(r.DisableStop.Value, false)
		case r.EBSOptimized != nil:
			in.EBSOptimized = valueOr(r.EBSOptimized.Value, false)
		case r.ENASupport != nil:
			in.ENA = valueOr(r.ENASupport.Value, false)
		case r.UserData != nil:
			in.UserData = r.UserData.Value
		default:
			return ec2state.Refuse("InvalidParameterCombination", "No attributes specified.")
		}
		return nil
	})
}

// fromAttribute turns the form with Attribute and Value into the other one.
func (r *modifyInstanceRequest) fromAttribute() {
	value := &valueParam{r.Value}
	truth := &boolParam{new(valueOr(r.Value, "") == "true")}
	switch r.Attribute {
	case "instanceType":
		r.Type = value
	case "instanceInitiatedShutdownBehavior":
		r.ShutdownBehavior = value
	case "disableApiTermination":
		r.DisableTermination = truth
	case "disableApiStop":
		r.DisableStop = truth
	case "ebsOptimized":
		r.EBSOptimized = truth
	}
}
