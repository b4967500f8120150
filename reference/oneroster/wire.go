package oneroster

import (
	"bytes"
	"encoding/json"
	"net/url"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// What the objects of all services have in common on the wire (OneRoster 1.2
// information model). A member without omitempty is required; one that is absent is
// left out, never null. Everything boolean is one of the strings "true" and "false".

type (
	// Date is written YYYY-MM-DD.
	Date string
	// DateTime is written in RFC 3339, UTC, with milliseconds: see TimestampLayout.
	DateTime string
)

// TimestampLayout is how dateLastModified is written: UTC with milliseconds.
const TimestampLayout = "2006-01-02T15:04:05.000Z"

// Base is what every object has.
type Base struct {
	SourcedID        string         `json:"sourcedId"`
	Status           string         `json:"status"`
	DateLastModified DateTime       `json:"dateLastModified"`
	Metadata         map[string]any `json:"metadata,omitempty"`
}

// BaseOf writes the common members of a row.
func BaseOf(b fixtures.Base) Base {
	return Base{
		SourcedID:        b.SourcedID,
		Status:           string(b.Status),
		DateLastModified: DateTime(b.DateLastModified.UTC().Format(TimestampLayout)),
		Metadata:         b.Metadata,
	}
}

// Row gives back what BaseOf wrote.
func (b Base) Row() fixtures.Base {
	at, _ := time.Parse(TimestampLayout, string(b.DateLastModified)) // as BaseOf wrote it
	return fixtures.Base{SourcedID: b.SourcedID, Status: fixtures.Status(b.Status), DateLastModified: at, Metadata: b.Metadata}
}

// Reference points to another object; all three members are required.
type Reference struct {
	Href      string `json:"href"`
	SourcedID string `json:"sourcedId"`
	Type      string `json:"type"`
}

// baseMark stands in a stored document where the service's URL belongs, which
// depends on the request. As a bare control character it cannot occur in JSON. With
// acrossMark behind it, which begins no path, it stands for the provider's URL.
const (
	baseMark   = 0x01
	acrossMark = '~'
)

// markedHref is how a reference is encoded before its mark is put in. The text of
// an object cannot look like it, since its quotes would be escaped.
const markedHref = `"href":"\u0001`

// ReferTo makes a reference to an object of that kind, which the service that serves
// the referring object resolves at an endpoint.
func ReferTo(kind, endpoint, sourcedID string) Reference {
	return Reference{
		Href:      "\x01/" + endpoint + "/" + url.PathEscape(sourcedID),
		SourcedID: sourcedID,
		Type:      kind,
	}
}

// ReferAcross makes a reference to an object that another service of the provider
// resolves, by the path of that service.
func ReferAcross(servicePath, kind, endpoint, sourcedID string) Reference {
	r := ReferTo(kind, endpoint, sourcedID)
	r.Href = "\x01" + string(acrossMark) + servicePath + r.Href[1:]
	return r
}

// Addresses are the URLs that the marks of documents stand for: that of the service, and
// that of the provider, below which its services are.
type Addresses struct {
	Service, Provider string
	// Merged are the paths of services in whose place this one stands.
	Merged []string
}

// EncodeDocument returns the stored form of an object.
func EncodeDocument(object any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	return bytes.ReplaceAll(body, []byte(markedHref), append([]byte(`"href":"`), baseMark)), nil
}

// AppendDocument appends a stored document as a client shall see it, with a URL in
// place of each mark.
func AppendDocument(dst, document []byte, at Addresses) []byte {
	for {
		i := bytes.IndexByte(document, baseMark)
		if i < 0 {
			return append(dst, document...)
		}
		dst = append(dst, document[:i]...)
		document = document[i+1:]
		if len(document) > 0 && document[0] == acrossMark {
			document = document[1:]
			base := at.Provider
			for _, path := range at.Merged {
				if rest, within := bytes.CutPrefix(document, []byte(path+"/")); within {
					base, document = at.Service+"/", rest
					break
				}
			}
			dst = append(dst, base...)
		} else {
			dst = append(dst, at.Service...)
		}
	}
}
