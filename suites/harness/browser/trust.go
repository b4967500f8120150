package browser

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// pins lists the keys that Chromium takes for good: it trusts a chain that a server
// sends when one of them is in it. Servers seldom send the authority's own
// certificate, so the keys of hosts whose certificates it has signed are pinned too.
func pins(trust []byte, hosts []string) string {
	var out []string
	pin := func(c *x509.Certificate) {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		out = append(out, base64.StdEncoding.EncodeToString(sum[:]))
	}
	pool := x509.NewCertPool()
	for block, rest := pem.Decode(trust); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			pin(c)
			pool.AddCert(c)
		}
	}
	if len(out) == 0 {
		return ""
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, host := range hosts {
		all.Go(func() {
			if c := vouched(host, pool); c != nil {
				mu.Lock()
				defer mu.Unlock()
				pin(c)
			}
		})
	}
	all.Wait()
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

// askLimit is how long a host may take to show its certificate.
const askLimit = 3 * time.Second

// vouched gives the certificate of a host if an authority of the pool stands behind
// it; nil otherwise, also where nobody answers.
func vouched(host string, pool *x509.CertPool) *x509.Certificate {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return nil
	}
	address := host
	if strings.HasSuffix(strings.ToLower(name), ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port) // as browsers have it (RFC 6761 §6.3)
	}
	conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12}}).DialContext(ctx,
		"tcp", address)
	if err != nil {
		return nil
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0] // there is one after a handshake
}
