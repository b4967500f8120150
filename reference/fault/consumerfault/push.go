package consumerfault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"

	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// pushing changes the objects that are pushed.
func pushing(change func(objects []push.Object) []push.Object) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.From
		c.From = func(next push.From) push.From {
			if former != nil {
				next = former(next)
			}
			return bentFrom{next, change}
		}
	}}
}

type bentFrom struct {
	push.From
	change func([]push.Object) []push.Object
}

func (b bentFrom) Objects(ctx context.Context, to push.SIS) ([]push.Object, error) {
	objects, err := b.From.Objects(ctx, to)
	if err != nil {
		return nil, err
	}
	copied := slices.Clone(objects)
	for i := range copied {
		copied[i].Body = maps.Clone(copied[i].Body)
	}
	return b.change(copied), nil
}

// every changes the objects of one collection; empty: all.
func every(collection string, change func(*push.Object)) behaviour {
	return pushing(func(objects []push.Object) []push.Object {
		for i := range objects {
			if collection == "" || objects[i].Collection == collection {
				change(&objects[i])
			}
		}
		return objects
	})
}

// pushed is one request of a push.
type pushed struct {
	method, address, scope string
	body                   []byte
}

// sendingTo changes how what is pushed is sent.
func sendingTo(send func(ctx context.Context, next push.Sender, p pushed) (int, string, error)) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Sender
		c.Sender = func(next push.Sender) push.Sender {
			if former != nil {
				next = former(next)
			}
			return bentSender{next, send}
		}
	}}
}

type bentSender struct {
	next push.Sender
	send func(ctx context.Context, next push.Sender, p pushed) (int, string, error)
}

func (b bentSender) Send(ctx context.Context, method, address, scope string, body []byte) (int, string, error) {
	return b.send(ctx, b.next, pushed{method, address, scope, body})
}

func (p pushed) to(ctx context.Context, next push.Sender) (int, string, error) {
	return next.Send(ctx, p.method, p.address, p.scope, p.body)
}

// refersTo has a member refer to something else.
func refersTo(o *push.Object, name, id string) {
	m, _ := o.Body[name].(map[string]any)
	m = maps.Clone(m)
	if m == nil {
		return
	}
	m["sourcedId"] = id
	if href, is := m["href"].(string); is {
		m["href"] = href[:strings.LastIndexByte(href, '/')+1] + id
	}
	o.Body[name] = m
}

func pushFaults() map[string]behaviour {
	const items, results = "lineItems", "results"
	return map[string]behaviour{
		"consumer-push-new-ids": pushing(func(objects []push.Object) []push.Object {
			for i := range objects {
				if objects[i].Collection == results {
					objects[i].SourcedID = strings.ToLower(rand.Text())
				}
			}
			return objects
		}),
		"consumer-push-all-again": every("", func(o *push.Object) {
			o.Body["metadata"] = map[string]any{"sent": rand.Text()}
		}),
		"consumer-push-no-results": pushing(func(objects []push.Object) []push.Object {
			return slices.DeleteFunc(objects, func(o push.Object) bool { return o.Collection == results })
		}),
		"consumer-push-item-lost": every(results, func(o *push.Object) { refersTo(o, "lineItem", "no-such-line-item") }),
		"consumer-push-results-first": pushing(func(objects []push.Object) []push.Object {
			slices.SortStableFunc(objects, func(a, b push.Object) int { return strings.Compare(b.Collection, a.Collection) })
			return objects
		}),
		"consumer-push-nobody":   every(results, func(o *push.Object) { refersTo(o, "student", "no-such-student") }),
		"consumer-push-no-class": every(items, func(o *push.Object) { refersTo(o, "class", "no-such-class") }),
		"consumer-push-score-text": every(results, func(o *push.Object) {
			if score, there := o.Body["score"]; there {
				o.Body["score"] = fmt.Sprintf("%v points", score)
			}
		}),
		"consumer-push-no-dates": every(items, func(o *push.Object) { delete(o.Body, "dueDate") }),
		"consumer-push-status":   every(results, func(o *push.Object) { o.Body["scoreStatus"] = "done" }),
		"consumer-push-other-id": sendingTo(func(ctx context.Context, next push.Sender, p pushed) (int, string, error) {
			var body map[string]map[string]any
			if p.method == http.MethodPut && json.Unmarshal(p.body, &body) == nil {
				for _, o := range body {
					o["sourcedId"] = fmt.Sprint(o["sourcedId"], "-x")
				}
				p.body, _ = json.Marshal(body) // of what was JSON
			}
			return p.to(ctx, next)
		}),
		"consumer-push-bare": sendingTo(func(ctx context.Context, next push.Sender, p pushed) (int, string, error) {
			var body map[string]json.RawMessage
			if p.method == http.MethodPut && json.Unmarshal(p.body, &body) == nil {
				for _, o := range body {
					p.body = bytes.Clone(o)
				}
			}
			return p.to(ctx, next)
		}),
		"consumer-push-twice": sendingTo(func(ctx context.Context, next push.Sender, p pushed) (int, string, error) {
			if status, says, err := p.to(ctx, next); err != nil || status >= http.StatusBadRequest {
				return status, says, err
			}
			return p.to(ctx, next)
		}),
		"consumer-push-busy-lost":     busyLost(http.StatusTooManyRequests),
		"consumer-push-broken-lost":   together(never(), busyLost(http.StatusInternalServerError)),
		"consumer-push-broken-new-id": together(never(), renamed()),
		"consumer-push-hammers": sendingTo(func(ctx context.Context, next push.Sender, p pushed) (status int, says string, err error) {
			for range 12 {
				status, says, err = p.to(ctx, next)
				if err != nil || status < http.StatusBadRequest || status >= http.StatusInternalServerError {
					break
				}
			}
			return status, says, err
		}),
	}
}

// renamed gives what was answered 500 another sourcedId when it comes the next time.
func renamed() behaviour {
	var mu stdsync.Mutex
	other := map[string]string{}
	return together(pushing(func(objects []push.Object) []push.Object {
		mu.Lock()
		defer mu.Unlock()
		for i := range objects {
			if id := other[objects[i].SourcedID]; id != "" {
				objects[i].SourcedID = id
			}
		}
		return objects
	}), sendingTo(func(ctx context.Context, next push.Sender, p pushed) (int, string, error) {
		status, says, err := p.to(ctx, next)
		if status == http.StatusInternalServerError {
			mu.Lock()
			defer mu.Unlock()
			id := p.address[strings.LastIndexByte(p.address, '/')+1:]
			other[id] = id + "-again"
		}
		return status, says, err
	}))
}

// stopping ends a push at the first answer that says that a provider is busy or broken, and sends the rest with the next.
func stopping() behaviour {
	var mu stdsync.Mutex
	stopped := false
	return together(never(), pushing(func(objects []push.Object) []push.Object {
		mu.Lock()
		defer mu.Unlock()
		stopped = false
		return objects
	}), sendingTo(func(ctx context.Context, next push.Sender, p pushed) (int, string, error) {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return http.StatusServiceUnavailable, "it was not tried", nil
		}
		status, says, err := p.to(ctx, next)
		stopped = status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
		return status, says, err
	}))
}

// busyLost takes what was answered with a status for taken.
func busyLost(status int) behaviour {
	var mu stdsync.Mutex
	return together(
		sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && r.Method == http.MethodPut && response.StatusCode == status {
				response.StatusCode, response.Status = http.StatusNoContent, "204 No Content"
			}
			return response, err
		}))
}
