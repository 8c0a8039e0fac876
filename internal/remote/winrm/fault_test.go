package winrm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

// What goes wrong once is clear, leaves the old or the new file and nothing
// else, and does not hinder the next attempt.
func TestFaultsAndTheNextAttempt(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	for _, tt := range []struct {
		at, deed  string
		want      winrm.Kind // of the step that it strikes
		temporary bool
	}{
		{machine.AtConnect, machine.DropConnection, winrm.Unreachable, true},
		{machine.AtRead, machine.DropConnection, winrm.Unreachable, true},
		{machine.AtPatch, machine.DropConnection, winrm.Unreachable, true},
		{machine.AtVerify, machine.DropConnection, winrm.Unreachable, true},
		{machine.AtPatch, machine.FlipByte, winrm.Damaged, true},
		{machine.AtPatch, machine.DiskFull, winrm.Failed, false},
	} {
		t.Run(tt.at+"/"+tt.deed, func(t *testing.T) {
			t.Parallel()
			w := boot(t, map[string][]byte{"C/a.pem": old}, map[string][]string{tt.at: {tt.deed}})
			w.awaitUp()
			attempt := func() error {
				host, err := winrm.Dial(t.Context(), w.options())
				if err != nil {
					return err
				}
				defer host.Close()
				if _, err := host.Read(t.Context(), []string{`C:\a.pem`}); err != nil {
					return err
				}
				if _, err := host.Replace(t.Context(), []verify.Change{change(`C:\a.pem`, old, new)}); err != nil {
					return err
				}
				_, err = host.Read(t.Context(), []string{`C:\a.pem`})
				return err
			}
			err := attempt()
			if kindOf(err) != tt.want || isTemporary(err) != tt.temporary {
				t.Errorf("error %v of kind %q, want %q", err, kindOf(err), tt.want)
			}
			if got := w.contents(); len(got) != 1 || string(got["C/a.pem"]) != "old" && string(got["C/a.pem"]) != "new" {
				t.Errorf("after it the folder holds %q", got)
			}
			if err := attempt(); err != nil {
				t.Errorf("the next attempt: %v", err)
			}
			w.expect(map[string][]byte{"C/a.pem": new})
		})
	}
}

// A byte that a failing disk changes after the replace does not go unnoticed.
func TestFlippedByteIsSeenWhenReadBack(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	w := boot(t, map[string][]byte{"C/a.pem": old}, map[string][]string{machine.AtVerify: {machine.FlipByte}})
	host := w.dial(w.options())
	c := change(`C:\a.pem`, old, new)
	if _, err := host.Replace(t.Context(), []verify.Change{c}); err != nil {
		t.Fatal(err)
	}
	files, err := host.Read(t.Context(), []string{c.Path})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Judge(files[0]); got != verify.OtherContent {
		t.Errorf("judged %s", got)
	}
}

func TestPowerOffWhilePatching(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	w := boot(t, map[string][]byte{"C/a.pem": old}, map[string][]string{machine.AtPatch: {machine.PowerOff}})
	host := w.dial(w.options())
	_, err := host.Replace(t.Context(), []verify.Change{change(`C:\a.pem`, old, new)})
	if kindOf(err) != winrm.Unreachable || !isTemporary(err) {
		t.Errorf("error %v", err)
	}
	select {
	case id := <-w.died:
		if id != "i-0123456789abcdef0" {
			t.Errorf("%s died", id)
		}
	case <-time.After(5 * time.Second):
		t.Error("nobody was told that it died")
	}
	w.expect(map[string][]byte{"C/a.pem": old})
}

// A host that accepts and never answers holds nobody longer than the context.
func TestCancelFreesEveryCall(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	for _, auth := range []string{winrm.Basic, winrm.NTLM} {
		for _, at := range []string{machine.AtConnect, machine.AtRead, machine.AtPatch, machine.AtVerify} {
			t.Run(auth+"/"+at, func(t *testing.T) {
				t.Parallel()
				w := boot(t, map[string][]byte{"C/a.pem": old}, map[string][]string{at: {machine.Hang}})
				w.awaitUp()
				o := w.options()
				o.Auth = auth
				ctx, cancel := context.WithCancelCause(t.Context())
				gaveUp := errors.New("gave up")
				var cancelled time.Time
				timer := time.AfterFunc(300*time.Millisecond, func() { cancelled = time.Now(); cancel(gaveUp) })
				defer timer.Stop()
				err := func() error {
					host, err := winrm.Dial(ctx, o)
					if err != nil {
						return err
					}
					defer host.Close()
					if _, err := host.Read(ctx, []string{`C:\a.pem`}); err != nil {
						return err
					}
					if _, err := host.Replace(ctx, []verify.Change{change(`C:\a.pem`, old, new)}); err != nil {
						return err
					}
					_, err = host.Read(ctx, []string{`C:\a.pem`})
					return err
				}()
				if err == nil {
					t.Fatal("the fault did not strike")
				}
				if late := time.Since(cancelled); late > time.Second {
					t.Errorf("freed %s after the end of the context", late)
				}
				if !errors.Is(err, gaveUp) || kindOf(err) != winrm.Interrupted {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

// Without a context that ends, our own time-outs do.
func TestSilentHostIsGivenUp(t *testing.T) {
	t.Parallel()
	w := boot(t, map[string][]byte{"C/a.pem": nil}, map[string][]string{machine.AtRead: {machine.Hang}})
	o := w.options()
	o.OperationTimeout = 100 * time.Millisecond // the server says that it timed out, again and again
	o.CommandTimeout = 500 * time.Millisecond
	host := w.dial(o)
	started := time.Now()
	_, err := host.Read(t.Context(), []string{`C:\a.pem`})
	if kindOf(err) != winrm.Unavailable || time.Since(started) > 5*time.Second {
		t.Errorf("error %v after %s", err, time.Since(started))
	}
}

// A shell that the server has ended is opened again, once.
func TestShellThatIsGone(t *testing.T) {
	t.Parallel()
	w := boot(t, map[string][]byte{"C/a.pem": []byte("a")}, nil)
	host := w.dial(w.options())
	winrm.ForgeShell(host, "00000000-0000-4000-8000-000000000000")
	if files, err := host.Read(t.Context(), []string{`C:\a.pem`}); err != nil || files[0].Status != verify.Present {
		t.Errorf("%+v, %v", files, err)
	}
}

func TestShellQuota(t *testing.T) {
	t.Parallel()
	w := boot(t, nil, nil)
	for range 30 {
		w.dial(w.options())
	}
	_, err := winrm.Dial(t.Context(), w.options())
	var fault *winrm.Fault
	if !errors.As(err, &fault) || fault.Code != 2150859173 || fault.Subcode != "w:QuotaLimit" || !isTemporary(err) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownScript(t *testing.T) {
	t.Parallel()
	w := boot(t, nil, nil)
	output, err := w.dial(w.options()).Script(t.Context(), "Get-Service stunnel")
	if err != nil {
		t.Fatal(err)
	}
	if output.ExitCode != 1 || len(output.Stderr) == 0 {
		t.Errorf("%+v", output)
	}
}
