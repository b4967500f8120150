package onerosterfault

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault"
)

//go:embed push-faults.yaml
var pushFaultsTable []byte

//go:embed push-variants.yaml
var pushVariantsTable []byte

//go:embed assessment-push-faults.yaml
var assessmentPushFaultsTable []byte

//go:embed assessment-push-variants.yaml
var assessmentPushVariantsTable []byte

// Push are the faults and variants of a Gradebook service that is written to.
var Push = fault.NewKind("Gradebook push provider", func() (fault.Tables, error) {
	return fault.ReadTables("Gradebook push provider", pushFaultsTable, pushVariantsTable, pushBehaviours(), nil, nil)
}, pushBehaviours, func(*Data, fault.Fault) {})

// AssessmentPush are those of assessments that are written to: each is like one of Push, to the
// operations of assessments alone.
var AssessmentPush = fault.NewKind("Assessment Results push provider", func() (fault.Tables, error) {
	t, err := fault.ReadTables("Assessment Results push provider", assessmentPushFaultsTable, assessmentPushVariantsTable,
		assessmentPushBehaviours(), nil, nil)
	if err != nil {
		return t, err
	}
	like, err := Push.Tables()
	if err != nil {
		return t, err
	}
	return t, t.Inherit("or12.assessment.", fault.Origin{Tables: like, Requirements: "or12.gradebook."})
}, assessmentPushBehaviours, func(*Data, fault.Fault) {})

// pushAnswers gathers how writes are answered.
func pushAnswers() map[string]func(*write) *answer {
	return fault.Gather(putFaults(), refusalFaults(), interruptedFaults(), deleteFaults(), postFaults(), writeScopeFaults(), pushVariants())
}

// besidePuts lets in whoever has a token for a scope of a service beside.
const besidePuts = "push-scope-beside-puts"

func pushBehaviours() map[string]behaviour {
	all := map[string]behaviour{besidePuts: {Wrap: letsInBeside("", "assessment.")}}
	for id, w := range pushWrappers() {
		all[id] = behaviour{Wrap: at(gradebookBase, id, w)}
	}
	return all
}

func assessmentPushBehaviours() map[string]behaviour {
	all, answers := map[string]behaviour{}, pushAnswers()
	for id, like := range likes(assessmentPushFaultsTable, assessmentPushVariantsTable) {
		if of, is := answers[like]; is {
			all[id] = behaviour{Wrap: writing("/assessment", of)}
		} else if like == besidePuts {
			all[id] = behaviour{Wrap: letsInBeside("/assessment", "gradebook.")}
		}
	}
	return all
}

// pushWrappers gathers what a service that is written to can do.
func pushWrappers() map[string]wrapper { return allWriting(pushAnswers()) }

// allWriting makes wrappers of what answers requests of a service that is written to.
func allWriting(of map[string]func(*write) *answer) map[string]wrapper {
	all := map[string]wrapper{}
	for id, answers := range of {
		all[id] = writing("", answers)
	}
	return all
}

// write is a request below the base of the service, with what the wrapper remembers of
// those before it.
type write struct {
	*memory
	inner http.Handler
	r     *http.Request
	body  []byte
	path  string
	id    string // the last segment of a path to one object
	ended bool   // the body ended before it was whole
}

// memory is what a wrapper remembers of writes.
type memory struct {
	mu      sync.Mutex
	puts    map[string]int    // how often each object was put
	kept    map[string][]byte // bodies that are served in the place of what is stored
	gone    map[string]bool
	token   string // one that opened everything
	flight  int
	flights map[string]int
	left    map[string]bool // of which the client left before the answer
}

// writing makes a wrapper of what answers a request of the service below a path that begins
// so. An answer that is nil hangs up.
func writing(begins string, answer func(w *write) *answer) wrapper {
	return func(h http.Handler) http.Handler {
		m := &memory{puts: map[string]int{}, kept: map[string][]byte{}, gone: map[string]bool{}, flights: map[string]int{},
			left: map[string]bool{}}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ours := servicePath(r)
			if !ours || !strings.HasPrefix(path, begins) {
				h.ServeHTTP(w, r)
				return
			}
			body, err := io.ReadAll(r.Body)
			asked := &write{memory: m, inner: h, r: r, body: body, path: path, id: path[strings.LastIndexByte(path, '/')+1:], ended: err != nil}
			a := answer(asked)
			if a == nil || asked.ended {
				panic(http.ErrAbortHandler)
			}
			if r.Method == http.MethodPut && a.status < 300 {
				m.mu.Lock()
				m.puts[asked.id]++
				if m.token == "" {
					m.token = r.Header.Get("Authorization")
				}
				m.mu.Unlock()
			}
			a.send(w)
		})
	}
}

// pass hands the request on, as it is now; one whose body ended is not.
func (w *write) pass() *answer {
	if w.ended {
		panic(http.ErrAbortHandler)
	}
	return w.ask(w.r.Method, w.r.URL.Path, w.body)
}

// ask has the provider answer another request of the same client.
func (w *write) ask(method, path string, body []byte) *answer {
	r := w.r.Clone(context.WithoutCancel(w.r.Context()))
	r.Method, r.Body, r.ContentLength = method, io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.URL.Path, r.URL.RawPath = path, ""
	a := ask(w.inner, r)
	a.path = w.path
	return a
}

// as answers with a status and a body of one's own.
func (w *write) as(status int, body string) *answer {
	a := &answer{request: w.r, path: w.path, status: status, header: http.Header{"Content-Type": {"application/json"}}}
	a.body.WriteString(body)
	return a
}

func (w *write) is(method string) bool { return w.r.Method == method }

// trust goes on with a token that opens everything, if one was seen.
func (w *write) trust() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.token != "" {
		w.r = w.r.Clone(w.r.Context())
		w.r.Header.Set("Authorization", w.token)
	}
	w.r.Header.Set("Content-Type", "application/json")
}

func (w *write) there() bool {
	return w.ask(http.MethodGet, w.r.URL.Path, nil).status == http.StatusOK
}

func (w *write) before() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.puts[w.id]
}

// bent changes the object that is put.
func (w *write) bent(change func(o map[string]any)) {
	var wrapped map[string]map[string]any
	decoder := json.NewDecoder(bytes.NewReader(w.body))
	decoder.UseNumber()
	if decoder.Decode(&wrapped) != nil {
		return
	}
	for _, o := range wrapped {
		change(o)
	}
	w.body, _ = json.Marshal(wrapped)
}

// objectOf reads the object of a body.
func objectOf(body []byte) (wrapper string, o map[string]any) {
	var wrapped map[string]map[string]any
	_ = json.Unmarshal(body, &wrapped)
	for wrapper, o = range wrapped {
		return wrapper, o
	}
	return "", nil
}

// onPut changes what is put before it is answered.
func onPut(change func(o map[string]any)) func(*write) *answer {
	return func(w *write) *answer {
		if w.is(http.MethodPut) {
			w.bent(change)
		}
		return w.pass()
	}
}

// onAnswer changes the answers to a method that have a status.
func onAnswer(method string, status int, change func(w *write, a *answer) *answer) func(*write) *answer {
	return func(w *write) *answer {
		a := w.pass()
		if w.is(method) && a.status == status {
			return change(w, a)
		}
		return a
	}
}

func toStatus(status int) func(*write, *answer) *answer {
	return func(_ *write, a *answer) *answer { a.status = status; return a }
}

// lists applies to pages of collections.
func lists(w *write, a *answer) bool {
	return w.is(http.MethodGet) && a.status == http.StatusOK && isCollection(w.path)
}

// putFaults are what goes wrong with what is put.
func putFaults() map[string]func(*write) *answer {
	unlisted := func(sub bool) func(*write) *answer {
		return func(w *write) *answer {
			a := w.pass()
			if !lists(w, a) || sub && strings.Count(w.path, "/") < 2 {
				return a
			}
			a.list(func(l []any) []any {
				kept := []any{}
				for _, o := range l {
					o, _ := o.(map[string]any)
					w.mu.Lock()
					put := w.puts[str(o["sourcedId"])]
					w.mu.Unlock()
					if put == 0 {
						kept = append(kept, o)
					}
				}
				return kept
			})
			return a
		}
	}
	return map[string]func(*write) *answer{
		"push-unimplemented": func(w *write) *answer {
			if w.is(http.MethodGet) {
				return w.pass()
			}
			return w.as(http.StatusNotImplemented, `{"imsx_codeMajor":"unsupported","imsx_severity":"error"}`)
		},
		"push-stores-nothing": onAnswer(http.MethodPut, http.StatusCreated, func(w *write, a *answer) *answer {
			w.trust()
			w.ask(http.MethodDelete, w.r.URL.Path, nil)
			return a
		}),
		"push-put-200": onAnswer(http.MethodPut, http.StatusCreated, toStatus(http.StatusOK)),
		"push-put-500": onAnswer(http.MethodPut, http.StatusCreated, toStatus(http.StatusInternalServerError)),
		"push-categories-fixed": func(w *write) *answer {
			if w.is(http.MethodPut) && strings.HasPrefix(w.path, "/categories/") && !w.there() {
				return w.as(http.StatusNotFound, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
			}
			return w.pass()
		},
		"push-put-409-again": func(w *write) *answer {
			if w.is(http.MethodPut) && w.there() {
				return w.as(http.StatusConflict, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
			}
			return w.pass()
		},
		"push-drops-members": onPut(func(o map[string]any) {
			for _, name := range []string{"weight", "description", "comment"} {
				delete(o, name)
			}
		}),
		"push-drops-objectives": onPut(func(o map[string]any) { delete(o, "learningObjectiveSet") }),
		"push-refuses-terms": func(w *write) *answer {
			if w.is(http.MethodPut) && bytes.Contains(w.body, []byte(`"ext:`)) {
				return w.as(http.StatusUnprocessableEntity, `{"imsx_codeMajor":"failure","imsx_severity":"error",`+
					`"imsx_CodeMinor":{"imsx_codeMinorField":[{"imsx_codeMinorFieldName":"TargetEndSystem","imsx_codeMinorFieldValue":"invaliddata"}]}}`)
			}
			return w.pass()
		},
		"push-references-astray": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodGet) && a.status == http.StatusOK && w.before() > 0 {
				a.objects(func(o object) {
					for _, member := range o {
						if to, is := member.(map[string]any); is && to["href"] != nil {
							to["href"] = str(to["href"]) + "-gone"
						}
					}
				})
			}
			return a
		},
		"push-stays-in-place": func(w *write) *answer {
			if w.is(http.MethodPut) && strings.HasPrefix(w.path, "/results/") {
				w.mu.Lock()
				if w.kept[w.id] == nil {
					w.kept[w.id] = w.body
				}
				w.mu.Unlock()
			}
			a := w.pass()
			segments := strings.Split(w.path, "/")
			if !lists(w, a) || !strings.HasSuffix(w.path, "/results") || !slices.Contains(segments, "lineItems") {
				return a
			}
			a.list(func(l []any) []any {
				return slices.DeleteFunc(l, func(o any) bool {
					result, _ := o.(map[string]any)
					w.mu.Lock()
					_, first := objectOf(w.kept[str(result["sourcedId"])])
					w.mu.Unlock()
					was, is := first["lineItem"].(map[string]any)
					return is && !slices.Contains(segments, str(was["sourcedId"]))
				})
			})
			return a
		},
		"push-loses-each-third": func(w *write) *answer {
			if !w.is(http.MethodPut) {
				return w.pass()
			}
			w.mu.Lock()
			lost := w.puts[w.id] == 0 && len(w.puts)%3 == 2
			w.mu.Unlock()
			if lost {
				return w.as(http.StatusCreated, "")
			}
			return w.pass()
		},
		"push-cuts-titles": onPut(func(o map[string]any) {
			if title := str(o["title"]); len(title) > 10 {
				o["title"] = title[:10]
			}
		}),
		"push-rounds-scores": onPut(func(o map[string]any) {
			if o["score"] != nil {
				o["score"] = 80
			}
		}),
		"push-shifts-times": onPut(func(o map[string]any) {
			if at, err := time.Parse(time.RFC3339, str(o["assignDate"])); err == nil {
				o["assignDate"] = at.Add(-6 * time.Hour).Format(time.RFC3339)
			}
		}),
		"push-rewrites-ids": func(w *write) *answer {
			if !w.is(http.MethodPut) {
				return w.pass()
			}
			w.bent(func(o map[string]any) { o["sourcedId"] = "own-" + w.id })
			return w.ask(http.MethodPut, strings.TrimSuffix(w.r.URL.Path, w.id)+"own-"+w.id, w.body)
		},
		"push-not-listed":         unlisted(false),
		"push-not-in-collections": unlisted(true),
		"push-merges": func(w *write) *answer {
			if w.is(http.MethodPut) {
				got := w.ask(http.MethodGet, w.r.URL.Path, nil)
				if got.status != http.StatusOK {
					return w.pass()
				}
				_, was := objectOf(got.body.Bytes())
				w.bent(func(o map[string]any) {
					for name, value := range was {
						if _, sent := o[name]; !sent {
							o[name] = value
						}
					}
				})
			}
			return w.pass()
		},
		"push-keeps-the-first": func(w *write) *answer {
			if w.is(http.MethodPut) && w.before() > 0 {
				return w.as(http.StatusCreated, "")
			}
			return w.pass()
		},
		"push-replace-204": func(w *write) *answer {
			again := w.before() > 0
			a := w.pass()
			if w.is(http.MethodPut) && again && a.status == http.StatusCreated {
				a.status = http.StatusNoContent
			}
			return a
		},
		"push-adds-twice": func(w *write) *answer {
			a := w.pass()
			if lists(w, a) {
				a.list(func(l []any) []any {
					for _, o := range l {
						o, _ := o.(map[string]any)
						w.mu.Lock()
						if w.puts[str(o["sourcedId"])] > 1 {
							l = append(l, o)
						}
						w.mu.Unlock()
					}
					return l
				})
			}
			return a
		},
		"push-modified-stays": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodGet) && a.status == http.StatusOK && w.before() > 0 {
				a.objects(func(o object) { o["dateLastModified"] = "2026-01-01T00:00:00.001Z" })
			}
			return a
		},
		"push-modified-of-the-client": func(w *write) *answer {
			if w.is(http.MethodPut) {
				w.mu.Lock()
				w.kept[w.id] = w.body
				w.mu.Unlock()
			}
			a := w.pass()
			w.mu.Lock()
			_, o := objectOf(w.kept[w.id])
			w.mu.Unlock()
			if w.is(http.MethodGet) && a.status == http.StatusOK && o["dateLastModified"] != nil {
				a.objects(func(served object) { served["dateLastModified"] = o["dateLastModified"] })
			}
			return a
		},
		"push-loses-at-once": func(w *write) *answer {
			if !w.is(http.MethodPut) {
				return w.pass()
			}
			w.mu.Lock()
			w.flight++
			busy := w.flight > 2 && w.puts[w.id] == 0
			w.mu.Unlock()
			time.Sleep(20 * time.Millisecond) // until others have come
			defer func() { w.mu.Lock(); w.flight--; w.mu.Unlock() }()
			if busy {
				return w.as(http.StatusCreated, "")
			}
			return w.pass()
		},
		"push-same-at-once-500": func(w *write) *answer {
			if !w.is(http.MethodPut) {
				return w.pass()
			}
			w.mu.Lock()
			w.flights[w.id]++
			busy := w.flights[w.id] > 1
			w.mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			defer func() { w.mu.Lock(); w.flights[w.id]--; w.mu.Unlock() }()
			if busy {
				return w.as(http.StatusInternalServerError, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
			}
			return w.pass()
		},
	}
}

// refusalFaults are what goes wrong with what can't be.
func refusalFaults() map[string]func(*write) *answer {
	// taken accepts what is refused for a reason: as it is, and shows it so.
	taken := func(reasons ...string) func(*write) *answer {
		return func(w *write) *answer {
			if w.is(http.MethodGet) {
				w.mu.Lock()
				kept := w.kept[w.id]
				w.mu.Unlock()
				if kept != nil {
					return w.as(http.StatusOK, string(kept))
				}
			}
			a := w.pass()
			if !w.is(http.MethodPut) || a.status != http.StatusUnprocessableEntity {
				return a
			}
			for _, reason := range reasons {
				if strings.Contains(a.body.String(), reason) {
					w.mu.Lock()
					w.kept[w.id] = w.body
					w.mu.Unlock()
					return w.as(http.StatusCreated, "")
				}
			}
			return a
		}
	}
	// mended accepts it, and makes it right.
	mended := func(reason string, mend func(o map[string]any)) func(*write) *answer {
		return func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodPut) && a.status == http.StatusUnprocessableEntity && strings.Contains(a.body.String(), reason) {
				w.bent(mend)
				return w.pass()
			}
			return a
		}
	}
	unknown := func(o map[string]any) { delete(o, "rollcallUnknown") }
	return map[string]func(*write) *answer{
		"push-takes-anything":      taken("is no member", "is missing", "is one of", "is a string", "is a date", "refers to no"),
		"push-passes-over-unknown": mended("is no member", unknown),
		"push-shows-unknown":       taken("is no member"),
		"push-fills-in-titles":     mended("title is missing", func(o map[string]any) { o["title"] = "Untitled" }),
		"push-mends-values":        mended("title is a string", func(o map[string]any) { o["title"] = "Untitled" }),
		"push-mends-times":         mended("is a date and time", func(o map[string]any) { o["assignDate"], o["dueDate"] = sentTime, sentTime }),
		"push-takes-foreign":       taken("refers to no"),
		"push-believes-the-body": func(w *write) *answer {
			if _, o := objectOf(w.body); w.is(http.MethodPut) && str(o["sourcedId"]) != "" && str(o["sourcedId"]) != w.id {
				return w.ask(http.MethodPut, strings.TrimSuffix(w.r.URL.Path, w.id)+str(o["sourcedId"]), w.body)
			}
			return w.pass()
		},
		"push-believes-the-path": func(w *write) *answer {
			if w.is(http.MethodPut) && json.Valid(w.body) {
				w.bent(func(o map[string]any) { o["sourcedId"] = w.id })
			}
			return w.pass()
		},
		"push-takes-half": onAnswer(http.MethodPut, http.StatusBadRequest, func(w *write, _ *answer) *answer { return w.as(http.StatusCreated, "") }),
		"push-stores-what-it-refuses": onAnswer(http.MethodPut, http.StatusUnprocessableEntity, func(w *write, a *answer) *answer {
			w.bent(unknown)
			w.pass()
			return a
		}),
		"push-refuses-with-500": onAnswer(http.MethodPut, http.StatusUnprocessableEntity, toStatus(http.StatusInternalServerError)),
		"push-refuses-with-409": onAnswer(http.MethodPut, http.StatusUnprocessableEntity, toStatus(http.StatusConflict)),
		"push-refuses-in-words": onAnswer(http.MethodPut, http.StatusUnprocessableEntity, func(w *write, _ *answer) *answer {
			return w.as(http.StatusUnprocessableEntity, `{"error":"validation failed"}`)
		}),
	}
}

const sentTime = "2026-01-15T08:00:00.000Z"

// deleteFaults are what goes wrong with what is deleted.
func deleteFaults() map[string]func(*write) *answer {
	return map[string]func(*write) *answer{
		"push-delete-unimplemented": func(w *write) *answer {
			if w.is(http.MethodDelete) {
				return w.as(http.StatusNotImplemented, `{"imsx_codeMajor":"unsupported","imsx_severity":"error"}`)
			}
			return w.pass()
		},
		"push-delete-200": onAnswer(http.MethodDelete, http.StatusNoContent, toStatus(http.StatusOK)),
		"push-deletes-nothing": func(w *write) *answer {
			if !w.is(http.MethodDelete) {
				return w.pass()
			}
			was := w.ask(http.MethodGet, w.r.URL.Path, nil).body.Bytes()
			a := w.pass()
			if a.status == http.StatusNoContent {
				w.trust()
				w.ask(http.MethodPut, w.r.URL.Path, was)
			}
			return a
		},
		"push-deleted-is-listed": func(w *write) *answer {
			if w.is(http.MethodDelete) {
				_, o := objectOf(w.ask(http.MethodGet, w.r.URL.Path, nil).body.Bytes())
				body, _ := json.Marshal(o)
				w.mu.Lock()
				w.kept[w.id] = body
				w.mu.Unlock()
			}
			a := w.pass()
			if lists(w, a) {
				a.list(func(l []any) []any {
					w.mu.Lock()
					defer w.mu.Unlock()
					for id, body := range w.kept {
						if strings.Contains(w.r.URL.RawQuery, id) && len(l) == 0 {
							var o any
							_ = json.Unmarshal(body, &o)
							l = append(l, o)
						}
					}
					return l
				})
			}
			return a
		},
		"push-delete-unknown-204": onAnswer(http.MethodDelete, http.StatusNotFound, func(w *write, _ *answer) *answer { return w.as(http.StatusNoContent, "") }),
		"push-deletes-in-use": func(w *write) *answer {
			w.mu.Lock()
			gone := w.gone[w.id]
			w.mu.Unlock()
			if gone && !w.is(http.MethodPut) {
				return w.as(http.StatusNotFound, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
			}
			a := w.pass()
			if w.is(http.MethodDelete) && a.status == http.StatusUnprocessableEntity {
				w.mu.Lock()
				w.gone[w.id] = true
				w.mu.Unlock()
				return w.as(http.StatusNoContent, "")
			}
			return a
		},
	}
}

// postFaults are what goes wrong with what is posted.
func postFaults() map[string]func(*write) *answer {
	pairs := func(change func(l []map[string]string) any) func(*write) *answer {
		return onAnswer(http.MethodPost, http.StatusCreated, func(w *write, a *answer) *answer {
			var told struct {
				Pairs []map[string]string `json:"sourcedIdPairs"`
			}
			_ = json.Unmarshal(a.body.Bytes(), &told)
			if len(told.Pairs) == 0 {
				return a
			}
			body, _ := json.Marshal(change(told.Pairs))
			return w.as(http.StatusCreated, string(body))
		})
	}
	wrapped := func(l []map[string]string) any { return map[string]any{"sourcedIdPairs": l} }
	const allocated = "allocatedSourcedId"
	return map[string]func(*write) *answer{
		"push-post-unimplemented": func(w *write) *answer {
			if w.is(http.MethodPost) {
				return w.as(http.StatusNotImplemented, `{"imsx_codeMajor":"unsupported","imsx_severity":"error"}`)
			}
			return w.pass()
		},
		"push-post-200":       onAnswer(http.MethodPost, http.StatusCreated, toStatus(http.StatusOK)),
		"push-post-bare-ids":  pairs(func(l []map[string]string) any { return []string{l[0][allocated]} }),
		"push-post-one-pair":  pairs(func(l []map[string]string) any { return wrapped(l[:1]) }),
		"push-post-same-pair": pairs(func(l []map[string]string) any { l[1][allocated] = l[0][allocated]; return wrapped(l) }),
		"push-post-other-ids": pairs(func(l []map[string]string) any { l[0][allocated] += "0"; return wrapped(l) }),
		"push-post-swapped": pairs(func(l []map[string]string) any {
			l[0][allocated], l[1][allocated] = l[1][allocated], l[0][allocated]
			return wrapped(l)
		}),
		"push-post-session-unimplemented": func(w *write) *answer {
			if w.is(http.MethodPost) && belowSession(w) {
				return w.as(http.StatusNotImplemented, `{"imsx_codeMajor":"unsupported","imsx_severity":"error"}`)
			}
			return w.pass()
		},
		"push-post-any-session": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodPost) && belowSession(w) && a.status == http.StatusNotFound {
				return w.as(http.StatusCreated, `{"sourcedIdPairs":[]}`)
			}
			return a
		},
		"push-post-to-nowhere": onAnswer(http.MethodPost, http.StatusNotFound, func(w *write, _ *answer) *answer {
			return w.as(http.StatusCreated, `{"sourcedIdPairs":[]}`)
		}),
	}
}

func belowSession(w *write) bool { return strings.Contains(w.path, "/academicSessions/") }

// writeScopeFaults let in whom they shouldn't.
func writeScopeFaults() map[string]func(*write) *answer {
	// opened carries out what a token is refused for, as if it were a good one.
	opened := func(method string, status int) func(*write) *answer {
		return onAnswer(method, status, func(w *write, a *answer) *answer {
			w.mu.Lock()
			token := w.token
			w.mu.Unlock()
			if token == "" {
				return a
			}
			w.r.Header.Set("Authorization", token)
			return w.pass()
		})
	}
	// where opens no more than paths that hold a text.
	where := func(method, part string) func(*write) *answer {
		all := opened(method, http.StatusForbidden)
		return func(w *write) *answer {
			if strings.Contains(w.path, part) {
				return all(w)
			}
			return w.pass()
		}
	}
	return map[string]func(*write) *answer{
		"push-any-scope-puts-results":    where(http.MethodPut, "esults/"),
		"push-any-scope-deletes-results": where(http.MethodDelete, "esults/"),
		"push-any-scope-posts-session":   where(http.MethodPost, "/academicSessions/"),
		"push-write-scope-reads-one": func(w *write) *answer {
			if isCollection(w.path) {
				return w.pass()
			}
			return opened(http.MethodGet, http.StatusForbidden)(w)
		},
		"push-any-scope-puts":    opened(http.MethodPut, http.StatusForbidden),
		"push-any-scope-posts":   opened(http.MethodPost, http.StatusForbidden),
		"push-any-scope-deletes": opened(http.MethodDelete, http.StatusForbidden),
		"push-write-scope-reads": opened(http.MethodGet, http.StatusForbidden),
		"push-open-to-all":       opened(http.MethodPut, http.StatusUnauthorized),
		"push-scope-401":         onAnswer(http.MethodPut, http.StatusForbidden, toStatus(http.StatusUnauthorized)),
		"push-asks-for-every-scope": func(w *write) *answer {
			w.mu.Lock()
			token := w.token
			w.mu.Unlock()
			if w.is(http.MethodPut) && token != "" && w.r.Header.Get("Authorization") != "" && w.r.Header.Get("Authorization") != token {
				if a := w.pass(); a.status >= 300 {
					return a
				}
				return w.as(http.StatusForbidden, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
			}
			return w.pass()
		},
	}
}

// pushVariants are what the standard allows.
func pushVariants() map[string]func(*write) *answer {
	flagged := func(w *write) *answer {
		if w.is(http.MethodDelete) {
			got := w.ask(http.MethodGet, w.r.URL.Path, nil)
			wrapper, o := objectOf(got.body.Bytes())
			a := w.pass()
			if a.status == http.StatusNoContent {
				o["status"] = "tobedeleted"
				body, _ := json.Marshal(map[string]any{wrapper: o})
				w.mu.Lock()
				w.kept[w.id] = body
				w.mu.Unlock()
			}
			return a
		}
		w.mu.Lock()
		kept := w.kept[w.id]
		w.mu.Unlock()
		if w.is(http.MethodGet) && kept != nil {
			return w.as(http.StatusOK, string(kept))
		}
		return w.pass()
	}
	return map[string]func(*write) *answer{
		"push-deletes-by-flag":   flagged,
		"push-refuses-400":       onAnswer(http.MethodPut, http.StatusUnprocessableEntity, toStatus(http.StatusBadRequest)),
		"push-deletefailure-403": onAnswer(http.MethodDelete, http.StatusUnprocessableEntity, toStatus(http.StatusForbidden)),
		"push-deletefailure-409": onAnswer(http.MethodDelete, http.StatusUnprocessableEntity, toStatus(http.StatusConflict)),
		"push-replace-200": func(w *write) *answer {
			there := w.is(http.MethodPut) && w.there()
			a := w.pass()
			if there && a.status == http.StatusCreated {
				a.status = http.StatusOK
			}
			return a
		},
		"push-answers-with-object": onAnswer(http.MethodPut, http.StatusCreated, func(w *write, a *answer) *answer {
			return w.as(http.StatusCreated, w.ask(http.MethodGet, w.r.URL.Path, nil).body.String())
		}),
		"push-location": onAnswer(http.MethodPut, http.StatusCreated, func(w *write, a *answer) *answer {
			a.header.Set("Location", w.r.URL.Path)
			return a
		}),
		"push-unknown-parent-422": onAnswer(http.MethodPost, http.StatusNotFound, toStatus(http.StatusUnprocessableEntity)),
		"push-numbers-with-zeros": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodGet) && a.status == http.StatusOK {
				a.setBody(bytes.ReplaceAll(a.body.Bytes(), []byte(":80.5"), []byte(":80.500")))
			}
			return a
		},
		"push-members-of-its-own": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodGet) && a.status == http.StatusOK && !isCollection(w.path) {
				a.objects(func(o object) { o["metadata"] = map[string]any{"source": "import"} })
			}
			return a
		},
	}
}
