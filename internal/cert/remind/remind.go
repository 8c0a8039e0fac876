// Package remind writes certificates' ends as an iCalendar file (RFC 5545): for
// each an all-day event on its last day, with alarms 90, 60, 30 and 7 days
// before, and all-day events on those days too, since some calendars drop the
// alarms of what they import.
//
// Identifiers are made from the certificate's fingerprint, so that importing a
// file twice changes nothing.
package remind

import (
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/amirotate/amirotate/internal/cert"
)

// Days returns how long before the end to remind, in days.
func Days() []int { return []int{90, 60, 30, 7} }

// Write writes a calendar of the certificates, each once however many sources
// it was found in. now is the time stamp of the entries.
func Write(w io.Writer, infos []cert.Info, now time.Time) error {
	calendar := ics.NewCalendar()
	calendar.SetProductId("-//amirotate//cert remind//EN")
	calendar.SetCalscale("GREGORIAN")
	calendar.SetXWRCalName("Certificates")
	for _, g := range gather(infos) {
		addLastDay(calendar, g, now)
		for _, days := range Days() {
			addReminder(calendar, g, days, now)
		}
	}
	if err := calendar.SerializeTo(w, ics.WithNewLineWindows); err != nil {
		return fmt.Errorf("cannot write calendar: %w", err)
	}
	return nil
}

// group is one certificate and all its sources.
type group struct {
	cert.Info
	sources []string
}

func gather(infos []cert.Info) []*group {
	var groups []*group
	byFingerprint := map[string]*group{}
	for _, i := range infos {
		if i.NotAfter.Year() == 9999 { // no end at all (RFC 5280, 4.1.2.5)
			continue
		}
		g := byFingerprint[i.FingerprintSHA256]
		if g == nil {
			g = &group{Info: i}
			byFingerprint[i.FingerprintSHA256] = g
			groups = append(groups, g)
		}
		g.sources = append(g.sources, i.Source)
	}
	return groups
}

func (g *group) uid(part string) string {
	return strings.ToLower(strings.ReplaceAll(g.FingerprintSHA256, ":", ""))[:32] + "-" + part + "@amirotate"
}

func (g *group) title() string {
	if cn := g.SubjectName.Part("CN"); cn != "" {
		return cn
	}
	return g.Subject
}

func (g *group) description() string {
	return fmt.Sprintf("%s\nends %s\nSHA-256 %s\nfound in %s\n\nRenew it: amirotate cert ensure; hand it out: amirotate refresh",
		g.Subject, g.NotAfter.Format(time.RFC3339), g.FingerprintSHA256, strings.Join(g.sources, ", "))
}

func addLastDay(calendar *ics.Calendar, g *group, now time.Time) {
	event := addAllDay(calendar, g.uid("end"), "Certificate "+g.title()+" expires", g, g.NotAfter, now)
	for _, days := range Days() {
		alarm := event.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetTrigger(fmt.Sprintf("-P%dD", days))
		alarm.SetProperty(ics.ComponentPropertyDescription, fmt.Sprintf("Certificate %s expires in %d days", g.title(), days))
	}
}

func addReminder(calendar *ics.Calendar, g *group, days int, now time.Time) {
	title := fmt.Sprintf("Certificate %s expires in %d days", g.title(), days)
	addAllDay(calendar, g.uid(fmt.Sprint(days)), title, g, g.NotAfter.UTC().AddDate(0, 0, -days), now)
}

// addAllDay adds an event for the day, in UTC, on which at lies. It does not
// make a person look busy.
func addAllDay(calendar *ics.Calendar, uid, title string, g *group, at, now time.Time) *ics.VEvent {
	at = at.UTC()
	event := calendar.AddEvent(uid)
	event.SetDtStampTime(now)
	event.SetAllDayStartAt(at)
	event.SetAllDayEndAt(at.AddDate(0, 0, 1))
	event.SetSummary(title)
	event.SetDescription(g.description())
	event.SetTimeTransparency(ics.TransparencyTransparent)
	return event
}
