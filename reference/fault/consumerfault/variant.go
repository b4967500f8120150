package consumerfault

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// ordered has collections in another order, or fewer of them.
type ordered struct {
	sync.Source
	collections func([]store.Collection) []store.Collection
}

// Collections are the ones that are read.
func (o ordered) Collections() []store.Collection { return o.collections(o.Source.Collections()) }

// Only is that of what it stands before.
func (o ordered) Only() sync.Mode {
	if l, is := o.Source.(sync.Limited); is {
		return l.Only()
	}
	return sync.Auto
}

func collected(change func([]store.Collection) []store.Collection) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Source
		c.Source = func(next sync.Source) sync.Source {
			if former != nil {
				next = former(next)
			}
			return ordered{next, change}
		}
	}}
}

// only keeps some collections.
func only(wanted ...store.Collection) behaviour {
	return collected(func(all []store.Collection) []store.Collection {
		return slices.DeleteFunc(slices.Clone(all), func(c store.Collection) bool { return !slices.Contains(wanted, c) })
	})
}

// without leaves some collections out.
func without(unwanted ...store.Collection) behaviour {
	return collected(func(all []store.Collection) []store.Collection {
		return slices.DeleteFunc(slices.Clone(all), func(c store.Collection) bool { return slices.Contains(unwanted, c) })
	})
}

// queried writes the queries of reads in another way.
func queried(change func([]rest.Parameter) []rest.Parameter) behaviour {
	return reading(func(c *rest.Config) {
		c.Manners.Query = func(parameters []rest.Parameter) string { return rest.Query(change(slices.Clone(parameters))) }
	})
}

// beside reads something more when orgs have been read.
func beside(more func(ctx context.Context, s *rest.Source, ids []string) error) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		var schools []string
		err := next.Read(ctx, r, func(p sync.Page) error {
			for _, o := range p.Objects {
				if _, err := changed(&o, r, func(t *thing) bool {
					if t.in(sis.Orgs) && t.text("type") == "school" && t.Status == sync.Active {
						schools = append(schools, t.SourcedID)
					}
					return true
				}); err != nil {
					return err
				}
			}
			return yield(p)
		})
		at := inner(next)
		if err != nil || r.Collection != sis.Orgs || at == nil {
			return err
		}
		return more(ctx, at, schools)
	})
}

// ask makes one call of the Rostering service, and reads its answer.
func ask(ctx context.Context, s *rest.Source, method, below string) error {
	scopes := []string{oneroster.ScopePrefix + "roster.readonly"}
	return s.Client().Do(ctx, client.Request{Method: method, URL: s.Name() + below, Scopes: scopes},
		func(*http.Response) error { return nil })
}

func variants() map[string]behaviour {
	return map[string]behaviour{
		"consumer-limit-large": paged(10000, nil),
		"consumer-limit-small": paged(25, nil),
		"consumer-no-limit": together(queried(func(all []rest.Parameter) []rest.Parameter {
			return slices.DeleteFunc(all, func(p rest.Parameter) bool { return p.Name == "limit" || p.Name == "offset" })
		}), paged(0, openEnded)),
		"consumer-sorted": queried(func(all []rest.Parameter) []rest.Parameter {
			return append(all, rest.Parameter{Name: "sort", Value: "sourcedId"}, rest.Parameter{Name: "orderBy", Value: "asc"})
		}),
		"consumer-query-order": queried(func(all []rest.Parameter) []rest.Parameter {
			slices.Reverse(all)
			return all
		}),
		"consumer-fields":          asking(usersFields),
		"consumer-active-only":     activeOnly(),
		"consumer-few":             only(sis.Orgs, sis.AcademicSessions, sis.Courses, sis.Classes, sis.Users, sis.Enrollments),
		"consumer-people":          only(sis.Orgs, sis.Users),
		"consumer-no-demographics": without(sis.Demographics),
		"consumer-no-grades": without(gradebook.Categories, gradebook.LineItems, gradebook.Results, gradebook.ScoreScales,
			gradebook.AssessmentLineItems, gradebook.AssessmentResults),
		"consumer-other-order": collected(func(all []store.Collection) []store.Collection {
			all = slices.Clone(all)
			slices.Reverse(all)
			return all
		}),
		"consumer-schools": beside(func(ctx context.Context, s *rest.Source, schools []string) error {
			for _, id := range schools[:min(2, len(schools))] {
				for _, of := range []string{"/classes", "/students", "/teachers", "/enrollments"} {
					if err := ask(ctx, s, http.MethodGet, "/schools/"+url.PathEscape(id)+of+"?limit=1000"); err != nil {
						return err
					}
				}
			}
			return nil
		}),
		"consumer-singles": beside(func(ctx context.Context, s *rest.Source, schools []string) error {
			for _, id := range schools {
				if err := ask(ctx, s, http.MethodGet, "/schools/"+url.PathEscape(id)); err != nil {
					return err
				}
			}
			return nil
		}),
		"consumer-counts-first": beside(func(ctx context.Context, s *rest.Source, _ []string) error {
			for _, of := range []string{"/users", "/classes", "/enrollments"} {
				if err := ask(ctx, s, http.MethodGet, of+"?limit=1"); err != nil {
					return err
				}
			}
			return nil
		}),
		"consumer-side-by-side": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet && !forToken(r) && !strings.Contains(r.URL.RawQuery, "offset=0") {
				crowd(r, next, 1)
			}
			return next.RoundTrip(r)
		}),
		"consumer-token-each-service": reading(func(c *rest.Config) { c.Manners.Renews = everyFourth() }),
		"consumer-form-credentials":   asksToken(formCredentials),
		"consumer-identity":           asking(func(r *http.Request) { r.Header.Set("Accept-Encoding", "identity") }),
		"consumer-no-keep-alive": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Close = true
			return next.RoundTrip(r)
		}),
		"consumer-agent-long": asking(func(r *http.Request) {
			r.Header.Set("User-Agent", strings.Repeat("Riverbend-LMS/5.2 (district edition) ", 30))
		}),
		"consumer-agent-none":   asking(func(r *http.Request) { r.Header.Set("User-Agent", "") }),
		"consumer-accepts-any":  asking(func(r *http.Request) { r.Header.Set("Accept", "*/*") }),
		"consumer-accepts-list": asking(func(r *http.Request) { r.Header.Set("Accept", "application/json, text/plain;q=0.5, */*;q=0.1") }),
		"consumer-more-headers": asking(func(r *http.Request) {
			r.Header.Set("X-Request-Id", "7c1f")
			r.Header.Set("Cache-Control", "no-cache")
			r.Header.Set("Content-Type", "application/json")
		}),
		"consumer-roles-few": each(func(t *thing) bool {
			all := rolesOf(t)
			return !t.in(sis.Users) || len(all) == 0 || slices.ContainsFunc(all, func(r string) bool { return slices.Contains(vocabulary, r) })
		}),
		"consumer-slow": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			time.Sleep(20 * time.Millisecond)
			return next.RoundTrip(r)
		}),
		"consumer-one-retry": reading(func(c *rest.Config) {
			c.Manners.Pause = func(t client.Try) (time.Duration, bool) {
				wait, again := client.Pause(t)
				return wait, again && (t.Number < 2 || t.Status == http.StatusTooManyRequests)
			}
		}),
		"consumer-no-retry":    pausing(func(t client.Try) bool { return t.Status == http.StatusTooManyRequests }),
		"consumer-push-stops":  stopping(),
		"consumer-by-offset":   paged(0, byOffset),
		"consumer-to-empty":    paged(0, toEmpty),
		"consumer-overlap":     paged(60, overlapping),
		"consumer-backwards":   paged(60, backwards),
		"consumer-limit-grows": paged(25, growing),
		"consumer-pages-twice": sending(twice),
		"consumer-bearer-lower": asking(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Bearer", "bearer", 1))
		}),
		"consumer-schools-only":   each(func(t *thing) bool { return !t.in(sis.Orgs) || t.text("type") == "school" }),
		"consumer-no-parents":     each(notKin),
		"consumer-no-courses":     without(sis.Courses),
		"consumer-current-terms":  current(),
		"consumer-dates-instants": together(member(sis.AcademicSessions, "startDate", instant), member(sis.AcademicSessions, "endDate", instant)),
		"consumer-emails-lower":   member(sis.Users, "email", lower),
		"consumer-names-blanks":   names(func(s string) string { return " " + s + " " }),
		"consumer-names-apart":    names(norm.NFD.String),
		"consumer-levels-short":   member(sis.Users, "grades", shortened),
		"consumer-sex-letters":    member(sis.Demographics, "sex", initial),
		"consumer-ids-upper":      ids(strings.ToUpper),
		"consumer-ids-prefixed":   ids(func(s string) string { return "rb:" + s }),
		"consumer-forgets-disabled": each(func(t *thing) bool {
			return !t.in(sis.Users) || t.members["enabledUser"] != "false"
		}),
		"consumer-ext-kinds-left": each(func(t *thing) bool { return !t.in(sis.Orgs, sis.Enrollments) || !extended(t) }),
		"consumer-forgets-later": each(func(t *thing) bool {
			return !t.in(sis.Enrollments) || t.text("beginDate") <= time.Now().Format(time.DateOnly)
		}),
		"consumer-forgets-email": each(func(t *thing) bool {
			delete(t.members, "email")
			delete(t.members, "phone")
			delete(t.members, "sms")
			return true
		}),
		"consumer-grades-leavers-flagged": leaving(func(t *thing) bool {
			t.members["status"] = sync.ToBeDeleted
			return true
		}),
		"consumer-grades-history": history(),
		"consumer-words-told":     worded(),
		"consumer-since-seconds":  filtered(func(at time.Time) string { return fromOn + rest.Quoted(at.UTC().Format(time.RFC3339)) }),
		"consumer-since-offset": filtered(func(at time.Time) string {
			return fromOn + rest.Quoted(at.In(time.FixedZone("", 2*60*60)).Format("2006-01-02T15:04:05.000-07:00"))
		}),
		"consumer-since-week": filtered(func(at time.Time) string { return "dateLastModified>" + rest.Quoted(stamp(at.AddDate(0, 0, -8))) }),
		"consumer-blanks-plus": reading(func(c *rest.Config) {
			c.Manners.Query = func(parameters []rest.Parameter) string {
				return strings.ReplaceAll(rest.Query(parameters), "%20", "+")
			}
		}),
		"consumer-encodes-all": reading(func(c *rest.Config) {
			c.Manners.Query = func(parameters []rest.Parameter) string {
				return strings.ReplaceAll(rest.Query(parameters), "%3A", "%3a")
			}
		}),
	}
}

// usersFields asks for the fields of people that it keeps.
func usersFields(r *http.Request) {
	if lastOf(r.URL.Path) == "users" && !strings.Contains(r.URL.RawQuery, "fields=") {
		added(r, "fields=sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,roles,identifier,email,grades")
	}
}

// activeOnly asks a full reading for what is active: what isn't there is deleted anyway.
func activeOnly() behaviour {
	return asking(func(r *http.Request) {
		if !strings.Contains(r.URL.RawQuery, "filter=") {
			added(r, "filter=status%3D%27active%27")
		}
	})
}

// everyFourth asks for a token anew now and then.
func everyFourth() func(ends, now time.Time) bool {
	n := 0
	return func(ends, now time.Time) bool {
		n++
		return n%4 == 0 || client.Renews(ends, now)
	}
}

// formCredentials moves the client's id and secret from HTTP Basic into the form (RFC 6749, section
// 2.3.1).
func formCredentials(r *http.Request, form url.Values) {
	id, secret, is := r.BasicAuth()
	if !is {
		return
	}
	r.Header.Del("Authorization")
	for name, v := range map[string]string{"client_id": id, "client_secret": secret} {
		if plain, err := url.QueryUnescape(v); err == nil {
			v = plain
		}
		form.Set(name, v)
	}
}

// byOffset goes on by what came, and knows no links.
func byOffset(a *rest.Arrival) string {
	if a.Objects == 0 || a.Total >= 0 && a.Read >= a.Total {
		return ""
	}
	return offsetTo(a.First, a.Read)
}

// toEmpty goes on until a page is empty.
func toEmpty(a *rest.Arrival) string {
	if a.Objects == 0 {
		return ""
	}
	return offsetTo(a.First, a.Read)
}

// openEnded follows links, and where there are none adds an offset of its own.
func openEnded(a *rest.Arrival) string {
	if to := linked(any1)(a); to != "" {
		return to
	}
	if a.Objects == 0 || a.Linked || a.Total >= 0 && a.Read >= a.Total {
		return ""
	}
	q := a.First.Query()
	at := *a.First
	q.Set("offset", strconv.Itoa(a.Read))
	at.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return at.String()
}

// overlapping begins each page with the last object of the one before: who sees it again knows that nothing moved.
func overlapping(a *rest.Arrival) string {
	if end := offsetOf(a) + a.Objects; a.Objects > 1 && (a.Total < 0 || end < a.Total) {
		return offsetTo(a.First, end-1)
	}
	return ""
}

// backwards reads the last page after the first, and goes on to the second. Where nobody says how many there are, or pages
// are shorter than was asked for, it goes on by what came.
func backwards(a *rest.Arrival) string {
	onward := a.Objects < a.Limit && offsetOf(a)+a.Objects == a.Read // of a short page, behind all that lies before it
	if a.Total < 0 || onward {
		return byOffset(a)
	}
	at := offsetOf(a) - a.Limit
	if offsetOf(a) == 0 {
		at = (a.Total - 1) / a.Limit * a.Limit
	}
	if at <= 0 {
		return ""
	}
	return offsetTo(a.First, at)
}

// growing asks for more with each page.
func growing(a *rest.Arrival) string {
	to := byOffset(a)
	if to == "" {
		return ""
	}
	at, err := url.Parse(to)
	if err != nil {
		return to
	}
	parts := strings.Split(at.RawQuery, "&")
	for i, part := range parts {
		if strings.HasPrefix(part, "limit=") {
			parts[i] = "limit=" + strconv.Itoa(25+a.Read)
		}
	}
	at.RawQuery = strings.Join(parts, "&")
	return at.String()
}

// twice asks for each page a second time, to be sure.
func twice(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if r.Method == http.MethodGet && !forToken(r) {
		drain(next.RoundTrip(r.Clone(r.Context())))
	}
	return next.RoundTrip(r)
}

// notKin leaves out people who are relatives of others alone.
func notKin(t *thing) bool {
	all := rolesOf(t)
	return !t.in(sis.Users) || len(all) == 0 || slices.ContainsFunc(all, func(role string) bool {
		return role != "parent" && role != "guardian" && role != "relative"
	})
}

// current keeps classes that have a term of today, and the enrollments in them.
func current() behaviour {
	var mu stdsync.Mutex
	terms, other := map[string]bool{}, map[string]bool{} // other: classes that aren't kept
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		today := time.Now().Format(time.DateOnly)
		switch {
		case t.in(sis.AcademicSessions):
			terms[t.SourcedID] = t.text("startDate") <= today && today < t.text("endDate")
		case t.in(sis.Classes):
			list, _ := t.members["terms"].([]any)
			now := slices.ContainsFunc(list, func(v any) bool {
				term, _ := v.(map[string]any)
				id, _ := term["sourcedId"].(string)
				return terms[id]
			})
			other[t.SourcedID] = !now
			return now
		case t.in(sis.Enrollments):
			return !other[t.refers("class")]
		}
		return true
	})
}

func instant(v any) any {
	if s, is := v.(string); is && len(s) == len(time.DateOnly) {
		return s + "T00:00:00Z"
	}
	return v
}

func lower(v any) any {
	if s, is := v.(string); is {
		return strings.ToLower(s)
	}
	return v
}

// initial is the first letter of a term, in capitals.
func initial(v any) any {
	if s, is := v.(string); is && s != "" {
		return strings.ToUpper(s[:1])
	}
	return v
}

// shortened writes grades without a zero before them.
func shortened(v any) any {
	list, is := v.([]any)
	if !is {
		return v
	}
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
		if s, is := one.(string); is {
			out[i] = strings.TrimPrefix(s, "0")
		}
	}
	return out
}
