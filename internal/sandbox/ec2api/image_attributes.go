package ec2api

import (
	"slices"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type imageAttributeRequest struct {
	dry
	ImageID   string `q:"ImageId"`
	Attribute string `q:"Attribute"`
}

type valueItem struct {
	Value string `xml:"value"`
}

type permissionItem struct {
	UserID                string `xml:"userId,omitempty"`
	Group                 string `xml:"group,omitempty"`
	OrganizationARN       string `xml:"organizationArn,omitempty"`
	OrganizationalUnitARN string `xml:"organizationalUnitArn,omitempty"`
}

type imageAttributeResponse struct {
	ImageID          string                 `xml:"imageId"`
	LaunchPermission *set[permissionItem]   `xml:"launchPermission"`
	BlockDevices     *set[imageBlockDevice] `xml:"blockDeviceMapping"`
	Description      *valueItem             `xml:"description"`
	BootMode         *valueItem             `xml:"bootMode"`
	IMDSSupport      *valueItem             `xml:"imdsSupport"`
	TPMSupport       *valueItem             `xml:"tpmSupport"`
	SriovNetSupport  *valueItem             `xml:"sriovNetSupport"`
	ProductCodes     *set[valueItem]        `xml:"productCodes"`
}

func describeImageAttribute(c *call, r *imageAttributeRequest) (any, error) {
	var response imageAttributeResponse
	err := c.state.ChangeImage(r.ImageID, r.DryRun, func(im *ec2state.Image) error {
		response.ImageID = im.ID
		switch r.Attribute {
		case "launchPermission":
			response.LaunchPermission = new(setOf(im.Permissions, func(p ec2state.Permission) permissionItem { return permissionItem(p) }))
		case "blockDeviceMapping":
			response.BlockDevices = new(setOf(im.BlockDevices, blockDeviceItem))
		case "description":
			response.Description = &valueItem{im.Description}
		case "bootMode":
			response.BootMode = &valueItem{im.BootMode}
		case "imdsSupport":
			response.IMDSSupport = &valueItem{im.IMDS}
		case "tpmSupport":
			response.TPMSupport = &valueItem{im.TPM}
		case "sriovNetSupport":
			response.SriovNetSupport = &valueItem{im.Sriov}
		case "productCodes":
			response.ProductCodes = &set[valueItem]{}
		case "":
			return missingParameter("attribute")
		default:
			return ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", r.Attribute)
		}
		return nil
	})
	return response, err
}

type permissionParam struct {
	UserID                string `q:"UserId"`
	Group                 string `q:"Group"`
	OrganizationARN       string `q:"OrganizationArn"`
	OrganizationalUnitARN string `q:"OrganizationalUnitArn"`
}

type valueParam struct {
	Value *string `q:"Value"`
}

type modifyImageRequest struct {
	dry
	ImageID          string      `q:"ImageId"`
	Attribute        string      `q:"Attribute"`
	Operation        string      `q:"OperationType"`
	UserIDs          []string    `q:"UserId"`
	UserGroups       []string    `q:"UserGroup"`
	OrganizationARNs []string    `q:"OrganizationArn"`
	UnitARNs         []string    `q:"OrganizationalUnitArn"`
	Value            *string     `q:"Value"`
	Description      *valueParam `q:"Description"`
	IMDSSupport      *valueParam `q:"ImdsSupport"`
	LaunchPermission *struct {
		Add    []permissionParam `q:"Add"`
		Remove []permissionParam `q:"Remove"`
	} `q:"LaunchPermission"`
}

func modifyImageAttribute(c *call, r *modifyImageRequest) (any, error) {
	return ok{true}, c.state.ChangeImage(r.ImageID, r.DryRun, func(im *ec2state.Image) error {
		add, remove := r.permissions()
		switch {
		case len(add)+len(remove) > 0:
			return changePermissions(im, add, remove)
		case r.Description != nil:
			im.Description = valueOr(r.Description.Value, "")
		case r.Attribute == "description" && r.Value != nil:
			im.Description = *r.Value
		case r.IMDSSupport != nil || r.Attribute == "imdsSupport":
			return setIMDS(im, r)
		default:
			return ec2state.Refuse("InvalidParameterCombination", "No attributes specified.")
		}
		return nil
	})
}

// setIMDS can only demand version 2, never take it back.
func setIMDS(im *ec2state.Image, r *modifyImageRequest) error {
	value := r.Value
	if r.IMDSSupport != nil {
		value = r.IMDSSupport.Value
	}
	if valueOr(value, "") != "v2.0" {
		return ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter imdsSupport is invalid. Allowed values are: v2.0", valueOr(value, ""))
	}
	im.IMDS = "v2.0"
	return nil
}

// permissions reads both ways in which a request may name launch permissions.
func (r *modifyImageRequest) permissions() (add, remove []ec2state.Permission) {
	if r.LaunchPermission != nil {
		for _, p := range r.LaunchPermission.Add {
			add = append(add, ec2state.Permission(p))
		}
		for _, p := range r.LaunchPermission.Remove {
			remove = append(remove, ec2state.Permission(p))
		}
	}
	if r.Attribute != "launchPermission" {
		return add, remove
	}
	var named []ec2state.Permission
	for _, id := range r.UserIDs {
		named = append(named, ec2state.Permission{UserID: id})
	}
	for _, group := range r.UserGroups {
		named = append(named, ec2state.Permission{Group: group})
	}
	for _, arn := range r.OrganizationARNs {
		named = append(named, ec2state.Permission{OrganizationARN: arn})
	}
	for _, arn := range r.UnitARNs {
		named = append(named, ec2state.Permission{OrganizationalUnitARN: arn})
	}
	if r.Operation == "remove" {
		return add, append(remove, named...)
	}
	return append(add, named...), remove
}

func changePermissions(im *ec2state.Image, add, remove []ec2state.Permission) error {
	permissions := slices.DeleteFunc(slices.Clone(im.Permissions), func(p ec2state.Permission) bool { return slices.Contains(remove, p) })
	for _, p := range add {
		if p.Group != "" && p.Group != "all" {
			return ec2state.Refuse("InvalidAMIAttributeItemValue", "Invalid attribute item value \"%s\" for group item type.", p.Group)
		}
		if p.UserID != "" && !isAccount(p.UserID) {
			return ec2state.Refuse("InvalidAMIAttributeItemValue", "Invalid attribute item value \"%s\" for userId item type.", p.UserID)
		}
		if p.Group == "all" && slices.ContainsFunc(im.BlockDevices, func(b ec2state.BlockDevice) bool { return b.Encrypted }) {
			return ec2state.Refuse("InvalidParameter", "Images with encrypted volumes cannot be made public.")
		}
		if !slices.Contains(permissions, p) {
			permissions = append(permissions, p)
		}
	}
	im.Permissions = permissions
	return nil
}

func isAccount(id string) bool {
	if len(id) != 12 {
		return false
	}
	for _, c := range id {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

type imageReferencesRequest struct {
	dry
	paging
	ImageIDs      []string `q:"ImageId"`
	All           bool     `q:"IncludeAllResourceTypes"`
	ResourceTypes []struct {
		ResourceType string  `q:"ResourceType"`
		Options      ignored `q:"ResourceTypeOption"`
	} `q:"ResourceType"`
}

type imageReference struct {
	ARN          string `xml:"arn"`
	ImageID      string `xml:"imageId"`
	ResourceType string `xml:"resourceType"`
}

type imageReferencesResponse struct {
	References set[imageReference] `xml:"imageReferenceSet"`
	NextToken  string              `xml:"nextToken,omitempty"`
}

// describeImageReferences finds instances; the account has nothing else that
// could refer to an image.
func describeImageReferences(c *call, r *imageReferencesRequest) (any, error) {
	if len(r.ImageIDs) == 0 {
		return nil, missingParameter("ImageIds")
	}
	if r.All == (len(r.ResourceTypes) > 0) {
		return nil, ec2state.Refuse("InvalidParameterCombination", "Specify either IncludeAllResourceTypes or ResourceTypes, but not both.")
	}
	instances := r.All
	for _, t := range r.ResourceTypes {
		instances = instances || t.ResourceType == "ec2:Instance"
	}
	var found []imageReference
	for _, in := range c.state.Instances() {
		if instances && in.State != ec2state.Terminated && slices.Contains(r.ImageIDs, in.ImageID) {
			arn := "arn:aws:ec2:" + c.state.Region + ":" + c.state.Account + ":instance/" + in.ID
			found = append(found, imageReference{arn, in.ImageID, "ec2:Instance"})
		}
	}
	found, next, err := page(found, r.paging, 1, 1000, func(i imageReference) string { return i.ARN })
	return imageReferencesResponse{set[imageReference]{found}, next}, err
}
