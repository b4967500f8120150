package searcherfault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func isSearch(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/resources")
}
func isToken(r *http.Request) bool { return r.Method == http.MethodPost }
func isPage(r *http.Request) bool  { return strings.HasSuffix(r.URL.Path, "/search") }

// query changes the parameters of a request.
func query(r *http.Request, change func(url.Values)) {
	q := r.URL.Query()
	change(q)
	r.URL.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
}

// filter changes the filter of a search, where it has one.
func filter(change func(string) string) behaviour {
	return asking(func(r *http.Request) {
		query(r, func(q url.Values) {
			if q.Has("filter") {
				q.Set("filter", change(q.Get("filter")))
			}
		})
	})
}

// drain reads an answer that nobody wants, so that its connection can be used again.
func drain(response *http.Response, err error) {
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body) // nobody wants it
	_ = response.Body.Close()
}

// text takes what came of an answer; broken tells that it wasn't all.
func text(response *http.Response) (body []byte, broken bool) {
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it was read
	return body, err != nil && !errors.Is(err, io.EOF)
}

// with gives an answer another status and text.
func with(response *http.Response, status int, body []byte) *http.Response {
	response.StatusCode, response.Status = status, strconv.Itoa(status)+" "+http.StatusText(status)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusOK {
		response.Header.Set("Content-Type", "application/json")
	}
	return response
}

// nothing is an answer that found nothing.
func nothing(response *http.Response) *http.Response {
	for _, name := range []string{"Link", "X-Total-Count"} {
		response.Header.Del(name)
	}
	return with(response, http.StatusOK, []byte(`{"resources":[]}`))
}

// set is what a search is answered.
type set struct {
	Resources []map[string]any `json:"resources"`
}

// answered changes what a search was answered, where it was answered well.
func answered(change func(r *http.Request, response *http.Response, found *set)) behaviour {
	return searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil || response.StatusCode != http.StatusOK {
			return response, err
		}
		body, broken := text(response)
		var found set
		if broken || json.Unmarshal(body, &found) != nil {
			if broken {
				response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), cut{}))
				return response, nil
			}
			return with(response, http.StatusOK, body), nil
		}
		change(r, response, &found)
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		_ = e.Encode(found) // of what was JSON
		return with(response, response.StatusCode, out.Bytes()), nil
	})
}

// cut is the rest of an answer that broke off.
type cut struct{}

// Read gives none.
func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// keeping leaves out items.
func keeping(keep func(item map[string]any) bool) behaviour {
	return answered(func(_ *http.Request, _ *http.Response, found *set) {
		kept := []map[string]any{}
		for _, i := range found.Resources {
			if keep(i) {
				kept = append(kept, i)
			}
		}
		found.Resources = kept
	})
}

// last has an answer be the last page.
func last(r *http.Request, response *http.Response, found *set) {
	response.Header.Del("Link")
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset")) // none: 0
	response.Header.Set("X-Total-Count", strconv.Itoa(offset+len(found.Resources)))
}

// linked finds the address of the next page.
func linked(response *http.Response) string {
	for _, one := range strings.Split(response.Header.Get("Link"), ", ") {
		if at, rel, is := strings.Cut(one, ";"); is && strings.Contains(rel, `"next"`) {
			return strings.Trim(strings.TrimSpace(at), "<>")
		}
	}
	return ""
}
