package replay

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/sandbox/realhost"
)

// worker is an instance that was launched as a worker of the farm.
type worker struct {
	name, instance string
	host           *realhost.Host
}

func (f *farm) client() *ec2.Client {
	env := f.ec2.Environment()
	return ec2.New(ec2.Options{
		Region: env["AWS_REGION"], BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
	})
}

// launch launches a worker of the list from an image, as the master would;
// clock, if it isn't "", says how far its clock is off.
func (f *farm) launch(name, image, clock string) *worker {
	f.Helper()
	data := fmt.Sprintln(name, f.listed(name).password, clock)
	out, err := f.client().RunInstances(f.Context(), &ec2.RunInstancesInput{
		ImageId: &image, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: types.InstanceTypeC32xlarge,
		SecurityGroupIds: []string{"sg-f5d7a290"}, UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(data))),
	})
	check(f.T, err)
	w := &worker{name: name, instance: *out.Instances[0].InstanceId}
	f.workers = append(f.workers, w)
	f.until(name+"'s host is powered on", func() bool {
		w.host, err = f.driver.Host(w.instance)
		return err == nil
	})
	return w
}

// terminate ends the instances of all workers.
func (f *farm) terminate() {
	f.Helper()
	var ids []string
	for _, w := range f.workers {
		ids = append(ids, w.instance)
	}
	_, err := f.client().TerminateInstances(f.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids})
	check(f.T, err)
	f.workers = nil
	f.until("no instance is left", func() bool { return len(f.living()) == 0 })
}

// living are the instances that are not terminated.
func (f *farm) living() []string {
	var ids []string
	for _, in := range f.ec2.State().Instances() {
		if in.State != "terminated" {
			ids = append(ids, in.ID)
		}
	}
	return ids
}

func (f *farm) hosts() []*realhost.Host {
	var hosts []*realhost.Host
	for _, w := range f.workers {
		hosts = append(hosts, w.host)
	}
	return hosts
}

// listedWorker is a line of the slave list.
type listedWorker struct{ password, image string }

var listLine = regexp.MustCompile(`(?m)^(\S+)\s+(\S+)\s.*\bami=(\S+)`)

// listed reads a worker's line in the slave list as it is now.
func (f *farm) listed(name string) listedWorker {
	f.Helper()
	for _, m := range listLine.FindAllStringSubmatch(f.list(), -1) {
		if m[1] == name {
			return listedWorker{m[2], m[3]}
		}
	}
	f.Fatalf("the slave list has no %s", name)
	return listedWorker{}
}

// tunnelLog is what a worker's stunnel wrote, "" if it wrote nothing yet.
func (f *farm) tunnelLog(w *worker) string {
	log, err := f.on(w.host, "cat", "/home/rustbuild/rust-buildbot/stunnel.log")
	if err != nil {
		return ""
	}
	return log
}

// untilRefused waits until a worker's stunnel has refused the master for a reason.
func (f *farm) untilRefused(w *worker, reason string) {
	f.Helper()
	f.until(fmt.Sprintf("%s's stunnel says %q", w.name, reason), func() bool { return strings.Contains(f.tunnelLog(w), reason) })
}
