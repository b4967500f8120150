package rest

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
)

// announced is the furthest end that the pages of a collection speak of.
type announced struct {
	by    string // what speaks of it, e.g. "X-Total-Count"; empty when nothing did
	owner string // the requirement that it is right
	end   int    // objects, at the most
}

const (
	// overrunPages is how many full pages beyond its announced end a collection is
	// read, and overrunTimes how many times its announced length: a total may be
	// wrong, and how wrong it is shall be seen; a list of ever new objects has no end.
	overrunPages = 10
	overrunTimes = 2
	// objectSize is how long objects are on the average at the most, in bytes: what
	// max_objects allows on the disk. Real ones come to 300 to 900.
	objectSize = 1 << 10
	// leastSpool is allowed in any case, for small collections of large objects.
	leastSpool = 64 << 20
)

// hear takes in where a page says that the collection ends: by its total or by its
// last link. Of several, the furthest counts.
func (a *announced) hear(page *Page, limit int) {
	if page.Total > a.end || a.by == "" && page.Total >= 0 {
		*a = announced{"X-Total-Count", pagingAt + "total-correct", page.Total}
	}
	u, err := url.Parse(page.Links["last"])
	if err != nil || page.Links["last"] == "" {
		return
	}
	if offset, err := strconv.Atoi(u.Query().Get("offset")); err == nil && offset >= 0 && offset+limit > a.end {
		*a = announced{"the last link", pagingAt + "link-last", offset + limit}
	}
}

// outrun tells why the crawl goes no further, where the collection has outrun the end
// that it announced.
func (c *crawler) outrun(w *corpus.Writer) string {
	told := c.told
	if far := max(overrunTimes*told.end, told.end+overrunPages*c.facts.PageSize); told.by == "" || w.Len() <= far {
		return ""
	}
	c.facts.End = End{Owner: told.owner, Evidence: c.last,
		Expected: fmt.Sprintf("the collection ends with the %d objects that %s announces", told.end, told.by)}
	return fmt.Sprintf("it goes on beyond its end: %s announces %d objects, and %d have come", told.by, told.end, w.Len())
}

// full tells why the crawl goes no further, where a limit of the target file is used up
// and the collection is known to go on. One that ends just there is whole: what doesn't
// say so is asked for one page more.
func (c *crawler) full(w *corpus.Writer) string {
	most := c.session.MaxObjects()
	switch {
	case w.Len() > most, w.Len() == most && c.told.by == "X-Total-Count" && c.told.end > most:
		c.facts.Bound = "limits.max_objects"
		return fmt.Sprintf("it holds more than %d objects, as many as limits.max_objects lets Rollcall read", most)
	case w.Bytes() > max(leastSpool, int64(most)*objectSize):
		c.facts.Bound = "limits.max_objects"
		return fmt.Sprintf("its first %d objects take %d MiB, as much as limits.max_objects (%d) lets Rollcall keep", w.Len(), w.Bytes()>>20,
			most)
	}
	return ""
}
