package cli

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

const (
	surveyPatience = time.Minute      // for EC2 as a whole
	reachPatience  = 10 * time.Second // for a host to answer through the bastion
	reachAttempts  = 5                // hosts that are tried
)

// fromEC2 looks at the list's images and at what runs of them. Whatever fails is
// a note: a configuration can be written without EC2.
func (s *survey) fromEC2(ctx context.Context) error {
	if s.list == nil {
		return nil
	}
	s.asker.say("\nLooking at EC2 …")
	asking, cancel := context.WithTimeout(ctx, surveyPatience)
	defer cancel()
	err := s.lookAtEC2(asking)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.note("EC2 could not be asked: %v", err)
		if hint := hintOf(err); hint != "" {
			s.note("%s; then run init again with --force", hint)
		}
	}
	return nil
}

func (s *survey) lookAtEC2(ctx context.Context) error {
	client, err := s.ec2(ctx)
	if err != nil {
		return err
	}
	if err := s.lookAtImages(ctx, client); err != nil {
		return err
	}
	if s.draft.Has("launch.security_groups") || s.draft.Has("launch.like_instance") {
		return nil
	}
	fleet, err := client.Fleet(ctx, s.list.Images())
	if err != nil {
		return beforeStart(err)
	}
	like := s.alike(ctx, fleet)
	if like == nil {
		return nil
	}
	groups, err := client.SecurityGroups(ctx, like.GroupIDs)
	if err != nil {
		return beforeStart(err)
	}
	s.launchLike(*like, groups)
	return nil
}

// ec2 returns a client, and settles the region: what the AWS SDK finds, or an
// answer.
func (s *survey) ec2(ctx context.Context) (*ec2ops.Client, error) {
	c := config.New(s.g.Getenv)
	c.Region = s.draft.First("region")
	client, err := s.g.newEC2(ctx, c)
	if cloud.KindOf(err) == cloud.UnknownRegion && c.Region == "" {
		if s.draft.Need("region"); s.ask(ctx, "region", "") {
			c.Region = s.draft.First("region")
			client, err = s.g.newEC2(ctx, c)
		}
	}
	if err == nil {
		s.set("region", "the AWS configuration", client.Region())
	}
	return client, err
}

// lookAtImages learns the platforms, and notes the images that are not there.
func (s *survey) lookAtImages(ctx context.Context, client *ec2ops.Client) error {
	images, err := client.Images(ctx, s.list.Images())
	if err != nil {
		return beforeStart(err)
	}
	s.images = images
	for _, id := range s.list.Images() {
		if !slices.ContainsFunc(images, func(i cloud.Image) bool { return i.ID == id }) {
			s.note("image %s, of %s, is not to be seen in %s", id, some(s.workersOf(id)), client.Region())
		}
	}
	return nil
}

// alike chooses an instance of the fleet that builders can be like: one that
// answers through the bastion, if there is one; else any that runs.
func (s *survey) alike(ctx context.Context, fleet []cloud.Instance) *cloud.Instance {
	fleet = slices.DeleteFunc(fleet, func(i cloud.Instance) bool {
		return i.State != cloud.InstanceRunning || i.Tags[cloud.TagRole] != "" || i.PrivateIP == "" || len(i.GroupIDs) == 0
	})
	slices.SortFunc(fleet, func(a, b cloud.Instance) int { return strings.Compare(a.ID, b.ID) })
	if len(fleet) == 0 {
		s.note("no instance of the list's images runs, so no security group is known")
		return nil
	}
	if !s.draft.Has("bastion.address") {
		return &fleet[0]
	}
	reached, err := s.reach(ctx, fleet[:min(len(fleet), reachAttempts)])
	if reached != nil {
		return reached
	}
	s.note("no running instance answered through the bastion: %v", err)
	return &fleet[0]
}

// reach returns the instance that is the first to answer through the bastion.
func (s *survey) reach(ctx context.Context, fleet []cloud.Instance) (*cloud.Instance, error) {
	c := config.New(s.g.Getenv)
	if err := c.Apply(s.bastionFlags(), s.base); err != nil {
		return nil, err
	}
	dialer := s.g.endpointDialer(c)
	defer func() { _ = dialer.Close() }()
	ctx, cancel := context.WithTimeout(ctx, reachPatience)
	defer cancel()
	type answer struct {
		instance *cloud.Instance
		err      error
	}
	answers := make(chan answer, len(fleet))
	for n, i := range fleet {
		go func() {
			conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(i.PrivateIP, strconv.Itoa(portOf(i.Platform))))
			if err == nil {
				conn.Close()
			}
			answers <- answer{&fleet[n], err}
		}()
	}
	var last error
	for range fleet {
		a := <-answers
		if a.err == nil {
			return a.instance, nil
		}
		last = a.err
	}
	return nil, last
}

// portOf is the one that amirotate reaches hosts at unless told otherwise.
func portOf(platform string) int {
	c := config.New(func(string) string { return "" })
	p, err := c.For(platform, nil)
	if err != nil || p.Port == 0 {
		return 22
	}
	return p.Port
}

// bastionFlags are the draft's bastion as flags have it.
func (s *survey) bastionFlags() config.Flags {
	f := config.Flags{Bastion: s.draft.First("bastion.address"), KnownHosts: s.draft.First("bastion.known_hosts")}
	if user := s.draft.First("bastion.user"); user != "" {
		f.Bastion = user + "@" + f.Bastion
	}
	f.IdentityFiles = s.draft.Get("bastion.identity_file")
	return f
}

// launchLike takes groups and subnet of an instance: they stay when it goes.
func (s *survey) launchLike(like cloud.Instance, groups []cloud.SecurityGroup) {
	name := like.ID
	if n := like.Tags[cloud.TagName]; n != "" {
		name += " (" + n + ")"
	}
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	s.set("launch.security_groups", strings.Join(names, ", ")+": as "+name+" has", like.GroupIDs...)
	s.set("launch.subnet", "as "+name+" has", like.SubnetID)
	s.draft.Suggest("launch.like_instance", "or: the groups and the subnet of "+name+", while it is there", like.ID)
}
