package tool

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// The platform's storage stands in for cookies where a browser blocks them in
// frames: the tool's page asks the platform's window to keep the proof, by
// postMessage, and to give it back (LTI Client Side postMessages 0.1; LTI
// postMessage Storage 0.1).

// keepInStorage has the browser keep the proof, then go on to the platform. Where
// no window answers in time, the cookie has to do.
func (t *Tool) keepInStorage(w http.ResponseWriter, state string, login *pending, address string) {
	t.page(w, http.StatusOK, "storage", storagePage{
		Put:    true,
		Frame:  login.Storage,
		Origin: originOf(login.Platform.AuthURL),
		Key:    "lti_state_" + state,
		Value:  login.Proof,
		Next:   address,
	})
}

// askStorage has the browser fetch the proof and post it.
func (t *Tool) askStorage(w http.ResponseWriter, state string, login *pending) {
	t.page(w, http.StatusOK, "storage", storagePage{Frame: login.Storage, Origin: originOf(login.Platform.AuthURL), Key: "lti_state_" + state,
		State: state, Next: t.RedirectURL() + "/stored"})
}

// storagePage is what the script of the page is told.
type storagePage struct {
	Put    bool
	Frame  string // lti_storage_target
	Origin string // of the platform's authorization endpoint: nobody else may hear or answer
	Key    string
	Value  string
	State  string
	Next   string // where to go, or where to post
	Nonce  string // by which the browser knows the page's own script
}

// stored takes the proof from the platform's storage.
func (t *Tool) stored(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || len(r.PostForm["state"]) > 1 || len(r.PostForm["proof"]) > 1 {
		t.refuse(w, http.StatusBadRequest, "stored.form", "The form can't be read.")
		return
	}
	login, _, err := t.pending.Take(r.Context(), r.PostForm.Get("state"), t.c.Now())
	if err != nil {
		t.forgetful(w)
		return
	}
	launch := login.Waiting
	if launch == nil || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("proof")), []byte(login.Proof)) != 1 {
		t.refuse(w, http.StatusUnauthorized, "stored.proof", "The platform's storage doesn't know this login: it belongs to another browser, or is over.")
		return
	}
	t.open(w, r, launch)
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
