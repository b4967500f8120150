package onerosterfault

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// gatewayVariants are what stands before a provider and now and then answers in its
// place. HTTP has a client ask once more where a request may be repeated (RFC 9110
// §9.2.2), and keep to the pace that it is told.
func gatewayVariants() map[string]wrapper {
	return map[string]wrapper{
		"gateway-502-seldom":    nowAndThen(everyNth, 1, unavailable(http.StatusBadGateway)),
		"gateway-503-seldom":    nowAndThen(everyNth, 1, unavailable(http.StatusServiceUnavailable)),
		"gateway-504-seldom":    nowAndThen(everyNth, 1, unavailable(http.StatusGatewayTimeout)),
		"gateway-reset-seldom":  nowAndThen(everyNth, 1, breakingOff),
		"gateway-closes-seldom": nowAndThen(everyNth, 1, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }),
		"pace-retry-after":      paced(func(_ http.Header, _ int, _ time.Duration) {}),
		"pace-rate-limit": paced(func(h http.Header, left int, reset time.Duration) {
			h.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, paceQuota, seconds(paceWindow)))
			h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, left, seconds(reset)))
		}),
		"pace-rate-limit-fields": paced(func(h http.Header, left int, reset time.Duration) {
			h.Set("RateLimit-Limit", fmt.Sprintf("%d, %d;w=%d", paceQuota, paceQuota, seconds(paceWindow)))
			h.Set("RateLimit-Remaining", strconv.Itoa(left))
			h.Set("RateLimit-Reset", strconv.Itoa(seconds(reset)))
		}),
		"pace-x-rate-limit": paced(func(h http.Header, left int, reset time.Duration) {
			h.Set("X-RateLimit-Limit", strconv.Itoa(paceQuota))
			h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
			h.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(reset).Unix()+1, 10))
		}),
	}
}

// gatewayFaults are gateways that do not recover at once.
func gatewayFaults() map[string]wrapper {
	return map[string]wrapper{
		"gateway-502-twice": func(h http.Handler) http.Handler {
			twice := nowAndThen(1, 2, unavailable(http.StatusBadGateway))(h)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if path, _ := servicePath(r); path == "/gradingPeriods" {
					twice.ServeHTTP(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	}
}

// unavailable answers as a gateway does whose provider doesn't.
func unavailable(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body><center><h1>%[1]d %[2]s</h1></center><hr></body></html>", code,
			http.StatusText(code))
	}
}

// breakingOff closes the connection within the first line of an answer: where nothing of it
// has come on a connection that was used before, many clients ask once more by themselves.
func breakingOff(w http.ResponseWriter) {
	c, b, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer c.Close()
	_, _ = b.WriteString("HTTP/1.1 200 O") // the client may be gone
	_ = b.Flush()
}

// everyNth is how many reads come to one that the gateway answers itself.
const everyNth = 29

// wellAfter is how many reads of an address are answered well after one that wasn't: so many
// clients may ask for the same at once, and each asks once more.
const wellAfter = 32

// nowAndThen answers every so manieth read itself, so many times in a row; then that
// address is answered well.
func nowAndThen(every, inARow int, answer func(http.ResponseWriter)) wrapper {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		reads, failed := 0, map[string]int{} // by address
		fails := func(r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			address := r.Method + " " + r.URL.String() + " " + r.Header.Get("Authorization")
			switch n := failed[address]; {
			case n > 0 && n < inARow:
				failed[address]++
				return true
			case n > 0:
				failed[address] = -wellAfter
				return false
			case n < 0:
				failed[address]++
				return false
			}
			if reads++; reads%every == 0 {
				failed[address] = 1
				return true
			}
			return false
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if (r.Method == http.MethodGet || r.Method == http.MethodHead) && fails(r) {
				answer(w)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// The pace that the variants keep: small, so that a run meets it, and its windows
// short, so that the run is soon over.
const (
	paceQuota  = 150
	paceWindow = time.Second
)

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// paced answers so many requests in a window, and refuses what comes beyond with 429
// and the time to wait (RFC 6585 §4). tell announces the policy with every answer.
func paced(tell func(h http.Header, left int, reset time.Duration)) wrapper {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		var began time.Time
		var used int
		take := func() (left int, reset time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			if now.Sub(began) >= paceWindow {
				began, used = now, 0
			}
			used++
			return paceQuota - used, paceWindow - now.Sub(began)
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			left, reset := take()
			tell(w.Header(), max(left, 0), reset)
			if left >= 0 {
				h.ServeHTTP(w, r)
				return
			}
			a := &answer{request: r, header: http.Header{}}
			fail(a, http.StatusTooManyRequests, "server_busy")
			a.header.Set("Retry-After", strconv.Itoa(seconds(reset)))
			a.send(w)
		})
	}
}
