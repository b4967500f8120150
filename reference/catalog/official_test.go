package catalog

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// official is what the OpenAPI document says of an object: its members, and whether there may be
// others (testdata/official.json).
type official struct {
	Open     bool
	Required []string
	Members  map[string]kindOf
}

// kindOf is what a member is: a list, an object of its own, or a value.
type kindOf struct {
	Type    string
	Form    string
	Enum    []string
	Minimum *float64
	Of      string
	List    *kindOf
	Least   int
}

type book map[string]official

func readOfficial(t *testing.T) book {
	t.Helper()
	text, err := os.ReadFile("testdata/official.json")
	if err != nil {
		t.Fatal(err)
	}
	var b book
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// object tells what is wrong with an object.
func (b book) object(name string, v any) []string {
	definition, known := b[name]
	members, is := v.(map[string]any)
	if !known || !is {
		return []string{fmt.Sprintf("%v is no %s", v, name)}
	}
	var wrong []string
	for _, r := range definition.Required {
		if _, there := members[r]; !there {
			wrong = append(wrong, name+" lacks "+r)
		}
	}
	for m, value := range members {
		k, known := definition.Members[m]
		switch {
		case known:
			wrong = append(wrong, b.value(name+"."+m, k, value)...)
		case !definition.Open:
			wrong = append(wrong, name+" has no "+m)
		}
	}
	return wrong
}

func (b book) value(at string, k kindOf, v any) []string {
	bad := []string{fmt.Sprintf("%s is %v", at, v)}
	switch {
	case k.Of != "":
		return b.object(k.Of, v)
	case k.List != nil:
		list, is := v.([]any)
		if !is || len(list) < k.Least {
			return bad
		}
		var wrong []string
		for _, x := range list {
			wrong = append(wrong, b.value(at, *k.List, x)...)
		}
		return wrong
	case k.Type == "string":
		text, is := v.(string)
		address, err := url.Parse(text)
		_, noDate := time.Parse(time.DateOnly, text)
		if !is || text == "" || k.Enum != nil && !slices.Contains(k.Enum, text) || k.Form == "uri" && (err != nil || !address.IsAbs()) ||
			k.Form == "date" && noDate != nil {
			return bad
		}
	default:
		number, is := v.(float64)
		if !is || k.Type == "integer" && number != float64(int(number)) || k.Minimum != nil && number < *k.Minimum {
			return bad
		}
	}
	return nil
}

// Whatever is answered is as the OpenAPI document has it, but for the root of the subjects, of
// which it says two things, and warnings, for which it has no place.
func TestAnswersAreOfficial(t *testing.T) {
	b, s := readOfficial(t), serve(t, "", 800, nil)
	check := func(name, address string, status int, forgiven ...string) {
		r, body := s.get(t, address)
		var v any
		if err := json.Unmarshal(body, &v); err != nil || r.StatusCode != status || r.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %s, %v", address, r.Status, err)
		}
		for _, wrong := range b.object(name, v) {
			if !slices.Contains(forgiven, wrong) {
				t.Errorf("%s: %s", address, wrong)
			}
		}
	}
	for offset := 0; offset < 800; offset += 100 {
		check("ResourceSet.Type", s.base+"/resources?offset="+strconv.Itoa(offset), 200)
	}
	check("ResourceSet.Type", s.base+"/resources?"+filter("search~'reading'"), 200)
	check("ResourceSet.Type", s.base+"/resources?"+filter("name='nothing'"), 200)
	check("SubjectSet.Type", s.base+"/subjects", 200, "Subject.Type.parent is <nil>")
	for address, status := range map[string]int{"/resources?limit=0": 400, "/resources?" + filter("colour='x'"): 400, "/colours": 404} {
		check("imsx_StatusInfo.Type", s.base+address, status)
	}
	token := s.token
	s.token = "x"
	check("imsx_StatusInfo.Type", s.base+"/resources", 401)
	s.token = s.tokenOf(t, "other", "theirs")
	check("imsx_StatusInfo.Type", s.base+"/subjects", 403)
	s.token = token
	none := serve(t, "", 0, nil)
	s.base, s.token = none.base, none.token
	check("ResourceSet.Type", s.base+"/resources", 200)
}

// The test above would find what isn't official.
func TestOfficialFindsMistakes(t *testing.T) {
	b := readOfficial(t)
	for text, name := range map[string]string{
		`{"name":"x","publisher":"y"}`:                                                      "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":[]}`:                            "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Song"]}`:                      "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Game"],"rating":5}`:           "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Game"],"url":"/items"}`:       "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Game"],"publishDate":"2024"}`: "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Game"],"ltiLink":{}}`:         "Resource.Type",
		`{"name":"x","publisher":"y","learningResourceType":["Game"],"subject":"Algebra"}`:  "Resource.Type",
		`{"identifier":0,"name":"x","parent":1}`:                                            "Subject.Type",
		`{"identifier":1.5,"name":"x","parent":1}`:                                          "Subject.Type",
		`{"resources":[],"total":1}`:                                                        "ResourceSet.Type",
		`{"imsx_codeMajor":"failure","imsx_severity":"bad"}`:                                "imsx_StatusInfo.Type",
		`[]`: "SubjectSet.Type",
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if len(b.object(name, v)) == 0 {
			t.Errorf("%s is found to be a good %s", text, name)
		}
	}
}
