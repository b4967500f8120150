package bundle_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle"
)

// Whatever stands in files, they are refused or read to the end; each object is JSON, and a delta is
// never a whole roster.
func FuzzFiles(f *testing.F) {
	const manifest = "propertyName,value\r\noneroster.version,1.2\r\nfile.users,bulk\r\nfile.roles,bulk\r\n"
	f.Add(manifest, "sourcedId,status,enabledUser,givenName\r\nu,,true,\"Ann, the \"\"second\"\"\"\r\n", "sourcedId,userSourcedId,role,orgSourcedId\r\nr,u,teacher,o\r\n")
	f.Add("propertyName,value\nfile.users,delta\n", "\xEF\xBB\xBFsourcedId,status,dateLastModified\nu,tobedeleted,2026-09-01T00:00:00Z\n", "sourcedId\n")
	f.Add("propertyName,value\noneroster.version,1.1\n", "sourcedId,orgSourcedIds,role,metadata.x\nu,\"a,b\",administrator,1\n", "")
	f.Add("", "sourcedId\n\"u", ",\n,")
	f.Fuzz(func(t *testing.T, manifest, users, roles string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"manifest": manifest, "users": users, "roles": roles} {
			if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := bundle.New(dir, imported)
		if err != nil {
			return
		}
		defer s.Close()
		for _, c := range s.Collections() {
			whole, err := read(t, s, sync.Reading{Collection: c})
			if s.Delta() && c == "users" && err == nil {
				t.Errorf("a delta was read as a whole roster of %d", len(whole))
			}
			changed, err := read(t, s, sync.Reading{Collection: c, Since: fixtures.Settled()})
			if err != nil {
				continue
			}
			for _, o := range changed {
				if !json.Valid(o.Body) || o.Status == "" {
					t.Errorf("%q is no object", o.Body)
				}
			}
		}
	})
}
