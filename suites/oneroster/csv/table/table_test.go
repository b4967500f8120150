package table

import (
	"strings"
	"testing"
)

// Every version can be loaded, and what it names it has.
func TestVersions(t *testing.T) {
	for _, name := range Versions() {
		v, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if v.Name != name || len(v.Modes) == 0 || len(v.Required) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
		users := v.File("users")
		if users == nil || users.Column("givenName") < 3 || users.Column("no-such") != -1 {
			t.Errorf("%s: the file of users is %+v", name, users)
		}
		if v.File("no-such") != nil {
			t.Errorf("%s has a file that nobody wrote down", name)
		}
		if role := users.Column("role"); (role >= 0) != (name == "1.1") {
			t.Errorf("%s: the role of a user is column %d; 1.2 has a file of roles", name, role)
		}
	}
	if _, err := Load("2.0"); err == nil || !strings.Contains(err.Error(), "1.1 and 1.2") {
		t.Errorf("version 2.0: %v", err)
	}
}

// A table that leads forwards, or says a thing twice, is not loaded.
func TestValidate(t *testing.T) {
	file := func(name string, more ...Column) File {
		return File{Name: name, Columns: append([]Column{{Name: "sourcedId"}, {Name: "status"}, {Name: "dateLastModified"}}, more...)}
	}
	title, org := Column{Name: "title"}, Column{Name: "orgSourcedId", Target: "orgs"}
	for name, test := range map[string]struct {
		files []File
		says  string
	}{
		"right":            {[]File{file("orgs", title), file("courses", org)}, ""},
		"a file twice":     {[]File{file("orgs", title), file("orgs", title)}, "orgs is there twice"},
		"a column twice":   {[]File{file("orgs", title, title)}, "orgs has column title twice"},
		"leading forwards": {[]File{file("courses", org), file("orgs", title)}, "leads to orgs, which does not stand before it"},
		"another start":    {[]File{{Name: "orgs", Columns: []Column{title, title, title, title}}}, "does not begin with sourcedId"},
	} {
		err := (&Version{Files: test.files}).validate()
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}
