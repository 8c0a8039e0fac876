package farmtest

import (
	"os"
	"os/exec"

	"github.com/amirotate/amirotate/internal/testenv"
)

// AWS runs Debian's AWS CLI, a client that others wrote, on the farm.
func (f *Farm) AWS(args ...string) string {
	f.T.Helper()
	cmd := exec.Command(testenv.Program(f.T, "/usr/bin/aws"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.T.TempDir(), "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json"}
	for name, value := range f.Sandbox.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	// Version 2.9 of the CLI, Debian 12's, does not know AWS_ENDPOINT_URL.
	cmd.Args = append(cmd.Args[:1:1], append([]string{"--endpoint-url", f.Sandbox.Ready().Endpoint}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.T.Fatalf("aws %v: %v\n%s", args, err, out)
	}
	return string(out)
}
