package searcher

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/desk"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// arrival is how long somebody who opens what was chosen may be in coming.
const arrival = 8 * time.Second

// The claims of a launch that say what was opened (LTI 1.3 Core §5.3).
const (
	claimTarget = "https://purl.imsglobal.org/spec/lti/claim/target_link_uri"
	claimCustom = "https://purl.imsglobal.org/spec/lti/claim/custom"
)

// opens has an item put into a course and opened, and looks where that leads.
func (j *judge) opens(ctx context.Context, t *harness.T, q search, own string, s searched) {
	if f := j.found(s); f != nil {
		t.NotTested(harness.BlockedBy(prefix+reqFinds, "what is to be chosen isn't found").Failing(*f))
		return
	}
	item := j.want(s.words, "")[max(q.Nth, 1)-1]
	visits, launches := len(j.catalog.Visits()), 0
	if j.desk != nil {
		launches = len(j.desk.Launches())
	}
	err := j.seat.choose(ctx, item)
	if err != nil && !(item.Link && j.linked || !item.Link && j.chosen) { // what could be done with another item can be done with this one
		t.NotTested(cause(err))
		return
	}
	reason := "nobody came to Rollcall"
	if err != nil {
		reason = cause(err).Reason()
	}
	if item.Link {
		j.launched(ctx, t, own, item, launches, reason, s)
		return
	}
	var came []string
	waiting(ctx, func() bool {
		came = nil
		for _, v := range j.catalog.Visits()[visits:] {
			if strings.HasPrefix(strings.TrimPrefix(v.URL, j.catalog.Origin()), "/content/") {
				came = append(came, v.URL)
			}
		}
		return len(came) > 0 || err != nil
	})
	if !slices.Contains(came, item.Address) {
		seen := reason
		if len(came) > 0 {
			seen = came[0]
		}
		j.fail(t, own, harness.Finding{Expected: item.Address, Seen: seen}, s)
		return
	}
	j.chosen = true
	t.Examined(own, 1)
	watch(t, s.calls[max(0, len(s.calls)-1):]...)
}

// launched looks at the launch of a link that was chosen.
func (j *judge) launched(ctx context.Context, t *harness.T, own string, item catalog.Item, before int, reason string, s searched) {
	var came []desk.Launch
	waiting(ctx, func() bool {
		came = j.desk.Launches()[before:]
		return len(came) > 0
	})
	if len(came) == 0 {
		j.fail(t, own, harness.Finding{Expected: "a launch of " + item.Address, Seen: reason}, s)
		if own == prefix+reqLaunches {
			t.NotTested(harness.BlockedBy(own, "there is no launch").Told(), prefix+reqCustom)
		}
		return
	}
	claims := came[len(came)-1].Claims
	target, _ := claims[claimTarget].(string)
	t.Text("Claims of the launch", fmt.Sprintf("target_link_uri %s, custom %v", target, claims[claimCustom]))
	if target == item.Address {
		t.Examined(own, 1)
	} else {
		j.fail(t, own, harness.Finding{Expected: item.Address, Seen: target, Where: "claim target_link_uri"}, s)
	}
	j.linked = true
	if own != prefix+reqLaunches {
		return
	}
	custom, _ := claims[claimCustom].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(item.Custom)) {
		got, there := custom[name]
		if value, _ := got.(string); value == item.Custom[name] {
			t.Examined(prefix+reqCustom, 1)
			continue
		}
		seen := "none of that name"
		if there {
			seen = fmt.Sprint(got)
		}
		j.fail(t, prefix+reqCustom, harness.Finding{Expected: name + "=" + item.Custom[name], Seen: seen, Where: "claim custom"}, s)
	}
}

// waiting waits until something is so, or for as long as an arrival may take.
func waiting(ctx context.Context, is func() bool) {
	for end := time.Now().Add(arrival); !is() && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
