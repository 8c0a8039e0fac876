package ec2ops_test

import (
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/rotate"
)

var (
	_ rotate.Images       = (*ec2ops.Client)(nil)
	_ rotate.Instances    = (*ec2ops.Client)(nil)
	_ rotate.Surroundings = (*ec2ops.Client)(nil)
	_ rotate.Rehearsal    = (*ec2ops.Client)(nil)
	_ rotate.Maker        = (*ec2ops.Client)(nil)
	_ rotate.Destroyer    = (*ec2ops.Client)(nil)
	_ rotate.Watcher      = (*ec2ops.Client)(nil)
	_ rotate.Inventory    = (*ec2ops.Client)(nil)
	_ rotate.Collector    = (*ec2ops.Client)(nil)
	_ rotate.Images       = (*ec2ops.Regions)(nil)
	_ rotate.Instances    = (*ec2ops.Regions)(nil)
	_ rotate.Maker        = (*ec2ops.Regions)(nil)
	_ rotate.Destroyer    = (*ec2ops.Regions)(nil)
	_ rotate.Watcher      = (*ec2ops.Regions)(nil)
	_ rotate.Inventory    = (*ec2ops.Regions)(nil)
	_ rotate.Collector    = (*ec2ops.Regions)(nil)
	_ rotate.FleetReader  = (*ec2ops.Regions)(nil)
)
