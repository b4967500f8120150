package rostering

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// listed bends the pages of collections.
func listed(change func(a *reply)) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if a.op.ID != "" && !a.op.Single && a.status == 200 && a.raw == "" {
				change(a)
			}
		}
	}
}

// asking bends what a collection is asked for.
func asking(change func(a *reply)) func(*provider) {
	return func(s *provider) {
		s.ask = func(a *reply) {
			if a.op.ID != "" && !a.op.Single {
				change(a)
			}
		}
	}
}

func asked(a *reply, name string) int {
	n, _ := strconv.Atoi(a.q.Get(name))
	return n
}

// refusing answers a query parameter that matches as a broken provider would.
func refusing(name, pattern string, status int) func(*provider) {
	form := regexp.MustCompile(pattern)
	return asking(func(a *reply) {
		if a.q.Has(name) && form.MatchString(a.q.Get(name)) {
			a.refuse(status, "internal_server_error", "no")
		}
	})
}

// forgiving drops a query parameter that matches.
func forgiving(name, pattern string) func(*provider) {
	form := regexp.MustCompile(pattern)
	return asking(func(a *reply) {
		if a.q.Has(name) && form.MatchString(a.q.Get(name)) {
			a.q.Del(name)
		}
	})
}

func TestPaging(t *testing.T) {
	bent(t, "paging", []row{
		{"one object more than limit", asking(func(a *reply) {
			if a.q.Has("limit") {
				a.q.Set("limit", fmt.Sprint(asked(a, "limit")+1))
			}
		}), []string{"paging.limit", "paging.limit-invalid", "paging.limit-one", "paging.sub-collections"}},
		{"limit=1 gives an empty page", listed(func(a *reply) {
			if a.q.Get("limit") == "1" {
				a.set([]object{})
			}
		}), []string{"paging.limit-one", "paging.sub-collections"}},
		{"everything where no limit is asked", func(s *provider) {
			users := s.data["users"]
			for i := range 100 {
				o := deep(users[1]).(object)
				o["sourcedId"] = fmt.Sprint("more", i)
				s.data["users"] = append(s.data["users"], o)
			}
			asking(func(a *reply) {
				if !a.q.Has("limit") {
					a.q.Set("limit", "1000")
				}
			})(s)
		}, []string{"paging.limit-default"}},
		{"a large limit is refused", refusing("limit", "^[0-9]{5,}$", 400), []string{"paging.limit-large"}},
		{"a cap that nothing tells of", func(s *provider) {
			asking(func(a *reply) {
				if asked(a, "limit") > 10 {
					a.q.Set("limit", "10")
				}
			})(s)
			listed(func(a *reply) { a.header.Del("X-Total-Count"); a.header.Del("Link") })(s)
		}, []string{"paging.end-visible", "paging.link-present", "paging.total-count"}},
		{"an impossible limit is forgiven", forgiving("limit", "^(0|-1|abc|1.5)$"), []string{"paging.limit-invalid"}},
		{"an impossible offset is forgiven", forgiving("offset", "^(-1|abc|1.5)$"), []string{"paging.offset-invalid"}},
		{"a server error to an impossible limit", refusing("limit", "^(-1|abc)$", 500), []string{"paging.limit-invalid-no-500"}},
		{"a server error to an impossible offset", refusing("offset", "^(-1|abc)$", 500), []string{"paging.offset-invalid-no-500"}},
		{"a server error to a limit beyond the integers", refusing("limit", "^[0-9]{20}$", 500), []string{"paging.limit-invalid-no-500"}},
		{"a server error to an offset beyond the integers", refusing("offset", "^[0-9]{20}$", 500), []string{"paging.offset-invalid-no-500"}},
		{"offset=0 skips the first of a short page", asking(func(a *reply) {
			if a.q.Get("offset") == "0" && asked(a, "limit") < 10 {
				a.q.Set("offset", "1")
			}
		}), []string{"paging.filtered", "paging.link-next-target", "paging.link-prev-first", "paging.nothing-lost", "paging.nothing-twice", "paging.offset-records", "paging.offset-zero", "paging.sub-collections"}},
		{"offset counts pages", asking(func(a *reply) {
			if a.q.Has("limit") {
				a.q.Set("offset", fmt.Sprint(asked(a, "offset")*min(asked(a, "limit"), 100)))
			}
		}), []string{"paging.filtered", "paging.link-next", "paging.link-next-target", "paging.link-prev", "paging.nothing-lost", "paging.offset-records"}},
		{"404 past the end", func(s *provider) {
			listed(func(a *reply) {
				if len(a.page()) == 0 && asked(a, "offset") > 0 {
					a.refuse(404, "unknownobject", "Unknown Object")
				}
			})(s)
		}, []string{"paging.offset-past-end"}},
		{"the last object past the end", listed(func(a *reply) {
			if len(a.page()) == 0 && asked(a, "offset") > 1000 {
				a.set([]object{{"sourcedId": "ann"}})
			}
		}), []string{"paging.offset-past-end"}},
		{"pages overlap by one", asking(func(a *reply) {
			if n := asked(a, "offset"); n > 5 {
				a.q.Set("offset", fmt.Sprint(n-1))
			}
		}), []string{"paging.filtered", "paging.link-next-last", "paging.link-next-target", "paging.nothing-twice"}},
		{"the fifth object is on no page but the longest", listed(func(a *reply) {
			if asked(a, "limit") < 50 && asked(a, "offset") < 5 && a.op.ID == "getAllUsers" && len(a.page()) > 5 {
				a.set(slices.Delete(slices.Clone(a.page()), 4, 5))
			}
		}), []string{"paging.full-pages", "paging.nothing-lost", "paging.nothing-twice"}},
		{"pages of different length", asking(func(a *reply) {
			if n := asked(a, "offset"); n > 0 && n < 14 && asked(a, "limit") == 6 {
				a.q.Set("limit", "7")
			}
		}), []string{"paging.full-pages"}},
		{"another page each time", func(s *provider) {
			var calls atomic.Int64
			listed(func(a *reply) {
				if a.op.ID == "getAllUsers" && a.q.Get("limit") == "5" && calls.Add(1)%2 == 0 {
					a.set(s.data["users"][10:15])
				}
			})(s)
		}, []string{"paging.repeatable"}},
		{"offset is dropped where there is a filter", asking(func(a *reply) {
			if a.q.Has("filter") {
				a.q.Set("offset", "0")
			}
		}), []string{"paging.filtered"}},
		{"sub-collections know no paging", asking(func(a *reply) {
			if a.op.Sub() {
				a.q.Del("limit")
				a.q.Del("offset")
			}
		}), []string{"paging.sub-collections"}},
	})
}

func TestTotals(t *testing.T) {
	total := func(of func(a *reply, n int) string) func(*provider) {
		return listed(func(a *reply) { a.header.Set("X-Total-Count", of(a, atoi(a.header.Get("X-Total-Count")))) })
	}
	bent(t, "total", []row{
		{"no total", listed(func(a *reply) { a.header.Del("X-Total-Count") }), []string{"paging.total-count"}},
		{"no total on sub-collections", listed(func(a *reply) {
			if a.op.Sub() {
				a.header.Del("X-Total-Count")
			}
		}), []string{"paging.total-count"}},
		{"a total with a unit", total(func(_ *reply, n int) string { return fmt.Sprint(n, " objects") }), []string{"paging.total-integer"}},
		{"a total with a fraction", total(func(_ *reply, n int) string { return fmt.Sprintf("%d.0", n) }), []string{"paging.total-integer"}},
		{"the total twice", listed(func(a *reply) { a.header.Add("X-Total-Count", a.header.Get("X-Total-Count")) }), []string{"paging.total-integer"}},
		{"the total is that of the page", total(func(a *reply, _ int) string { return fmt.Sprint(len(a.page())) }), []string{"paging.total-constant", "paging.total-correct"}},
		{"one too many", total(func(_ *reply, n int) string { return fmt.Sprint(n + 1) }), []string{"paging.total-correct", "paging.total-filtered"}},
		{"the total ignores the filter", func(s *provider) {
			total(func(a *reply, n int) string {
				if a.q.Has("filter") {
					list, _ := s.list(a.op, a.ids)
					n = len(list)
				}
				return fmt.Sprint(n)
			})(s)
		}, []string{"paging.total-filtered"}},
		{"the total is what follows", total(func(a *reply, n int) string { return fmt.Sprint(max(n-asked(a, "offset"), 0)) }), []string{"paging.total-constant"}},
	})
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func TestLinkHeaders(t *testing.T) {
	// each rewrites the links one at a time; what becomes empty is left out.
	each := func(change func(a *reply, rel, link string) string) func(*provider) {
		return listed(func(a *reply) {
			var out []string
			for _, l := range strings.Split(a.header.Get("Link"), ", ") {
				_, rel, _ := strings.Cut(l, `rel="`)
				if l = change(a, strings.TrimSuffix(rel, `"`), l); l != "" {
					out = append(out, l)
				}
			}
			a.header.Set("Link", strings.Join(out, ", "))
		})
	}
	without := func(rel string) func(*provider) {
		return each(func(_ *reply, r, link string) string {
			if r == rel {
				return ""
			}
			return link
		})
	}
	offset := regexp.MustCompile(`offset=\d+`)
	leads := func(rel string, to func(a *reply) int) func(*provider) {
		return each(func(a *reply, r, link string) string {
			if r == rel {
				return offset.ReplaceAllString(link, fmt.Sprint("offset=", to(a)))
			}
			return link
		})
	}
	begins := func(rel string, on func(a *reply) bool) func(*provider) {
		return listed(func(a *reply) {
			if on(a) {
				a.header.Set("Link", a.header.Get("Link")+fmt.Sprintf(`, <%s>; rel="%s"`, "http://"+a.r.Host+a.r.URL.RequestURI(), rel))
			}
		})
	}
	unquery := func(name string) func(*provider) {
		return each(func(_ *reply, _, link string) string {
			from, rest, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
			u, _ := url.Parse(from)
			q := u.Query()
			q.Del(name)
			u.RawQuery = q.Encode()
			return "<" + u.String() + ">" + rest
		})
	}
	bent(t, "link", []row{
		{"no links", listed(func(a *reply) { a.header.Del("Link") }), []string{"paging.link-present"}},
		{"no brackets", each(func(_ *reply, _, link string) string { return strings.NewReplacer("<", "", ">", "").Replace(link) }), []string{"paging.link-first", "paging.link-last", "paging.link-next", "paging.link-prev", "paging.link-syntax"}},
		{"no relation", each(func(_ *reply, _, link string) string { return strings.Replace(link, "rel=", "name=", 1) }), []string{"paging.link-first", "paging.link-last", "paging.link-next", "paging.link-prev", "paging.link-syntax"}},
		{"a target that is no URI", each(func(_ *reply, _, link string) string { return strings.Replace(link, "http://", "http://%zz", 1) }), []string{"paging.link-syntax"}},
		{"links without a host", each(func(a *reply, _, link string) string {
			return strings.Replace(link, "http://"+a.r.Host, "", 1)
		}), []string{"paging.link-absolute"}},
		{"links to a host behind", each(func(a *reply, _, link string) string {
			return strings.Replace(link, a.r.Host, "backend.invalid", 1)
		}), []string{"paging.link-same-service"}},
		{"links to another path", each(func(_ *reply, _, link string) string { return strings.Replace(link, "/v1p2/", "/v1p1/", 1) }), []string{"paging.link-first", "paging.link-last", "paging.link-next-target", "paging.link-prev", "paging.link-same-service"}},
		{"no next", without("next"), []string{"paging.link-next"}},
		{"no first", without("first"), []string{"paging.link-first"}},
		{"no last", without("last"), []string{"paging.link-last"}},
		{"no prev", without("prev"), []string{"paging.link-prev"}},
		{"a next on the last page", begins("next", func(a *reply) bool { return !strings.Contains(a.header.Get("Link"), `"next"`) }), []string{"paging.link-ends", "paging.link-next-last"}},
		{"a prev on the first page", begins("prev", func(a *reply) bool { return asked(a, "offset") == 0 }), []string{"paging.link-prev-first"}},
		{"next skips one", leads("next", func(a *reply) int { return asked(a, "offset") + asked(a, "limit") + 1 }), []string{"paging.link-next-target"}},
		{"next leads back to the beginning", leads("next", func(*reply) int { return 0 }), []string{"paging.link-ends", "paging.link-next-target"}},
		{"first leads to the second page", leads("first", func(a *reply) int { return asked(a, "limit") }), []string{"paging.link-first"}},
		{"last leads to the first page", leads("last", func(*reply) int { return 0 }), []string{"paging.link-last"}},
		{"last leads past the end", leads("last", func(*reply) int { return 500 }), []string{"paging.link-last"}},
		{"prev leads to the page itself", leads("prev", func(a *reply) int { return asked(a, "offset") }), []string{"paging.link-prev"}},
		{"links forget the filter", unquery("filter"), []string{"paging.link-query"}},
		{"links forget sort", unquery("sort"), []string{"paging.link-query"}},
		{"links forget orderBy", unquery("orderBy"), []string{"paging.link-query"}},
		{"links forget fields", unquery("fields"), []string{"paging.link-query"}},
	})
}
