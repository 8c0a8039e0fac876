package cli

import (
	"context"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/spf13/cobra"
)

// farm is the list and EC2: what status, gc and rollback need.
type farm struct {
	config *config.Config
	list   *slavelist.List
	cloud  *ec2ops.Regions
}

// farmFlags adds the flags that say which farm it is.
func farmFlags(cmd *cobra.Command, f *config.Flags) {
	cmd.Flags().StringVar(&f.SlaveList, "slave-list", "", "the slave list, `PATH` or ssh://user@host/path")
	cmd.Flags().StringVar(&f.Region, "region", "", "AWS `REGION`")
}

func (g *globals) newFarm(ctx context.Context, f config.Flags) (*farm, error) {
	c, err := g.readConfig()
	if err != nil {
		return nil, err
	}
	if err := c.Apply(f, g.Dir); err != nil {
		return nil, err
	}
	if c.SlaveList == "" {
		return nil, usagef("set slave_list, or use --slave-list", "cannot tell which images are in use: no slave list is given")
	}
	list, err := g.readList(ctx, c)
	if err == nil {
		err = needHosts(c, list)
	}
	if err != nil {
		return nil, err
	}
	regions, placed, err := g.newRegions(ctx, c, list)
	if err != nil {
		return nil, err
	}
	if len(placed.problems) > 0 {
		return nil, &rotate.BlockedError{Problems: placed.problems}
	}
	return &farm{config: c, list: list, cloud: regions}, nil
}

// newEC2 makes the one client of a command.
func (g *globals) newEC2(ctx context.Context, c *config.Config) (*ec2ops.Client, error) {
	if err := g.checkEndpoint(); err != nil {
		return nil, err
	}
	client, err := ec2ops.New(ctx, ec2ops.Options{Region: c.Region, Getenv: g.Getenv, UserAgent: "amirotate/" + versionText(), PollMin: c.Waits.Poll})
	if cloud.KindOf(err) == cloud.Invalid {
		return nil, &usageError{err, "check AWS_PROFILE, AWS_CONFIG_FILE, and the files in ~/.aws"}
	}
	return client, beforeStart(err)
}
