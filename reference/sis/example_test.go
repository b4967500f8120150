package sis_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
)

// A provider of the small district, served on a free port, as a test of a
// consumer would do it.
func Example() {
	ctx := context.Background()
	data, err := sis.OpenStore(ctx, "memory")
	if err != nil {
		log.Fatal(err)
	}
	defer data.Close()
	district, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		log.Fatal(err)
	}
	if err := sis.Load(ctx, data, district); err != nil {
		log.Fatal(err)
	}
	provider, err := sis.New(ctx, sis.Config{
		Store:   data,
		Clients: []security.Client{{ID: "lms", Secret: "not a secret", Scopes: sis.Scopes()}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server, err := oneroster.Listen(ctx, "127.0.0.1:0", nil, provider.Handler())
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	endpoints := provider.Endpoints(server.Origin)
	fmt.Println(strings.TrimPrefix(endpoints.BaseURL, server.Origin))
	fmt.Println(strings.TrimPrefix(endpoints.TokenURL, server.Origin))
	response, err := http.Get(endpoints.BaseURL + "/users")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println("without a token:", response.Status)
	// Output:
	// /ims/oneroster/rostering/v1p2
	// /oauth2/token
	// without a token: 401 Unauthorized
}
