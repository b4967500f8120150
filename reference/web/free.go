package web

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	// Systems take the ports of outgoing connections from 32768 or 49152 on: one that was
	// found free there may be somebody's a moment later, before it is listened on.
	lowestFree, endFree = 20_000, 32_000
	triesFree           = 100
)

// FreeAddress finds a port on which nobody listens on this machine's loopback address, as
// host:port, for a server that starts later and whose address has to be known before.
func FreeAddress() (string, error) {
	var last error
	for range triesFree {
		port := lowestFree + rand.IntN(endFree-lowestFree)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		address := l.Addr().String()
		if last = l.Close(); last == nil {
			return address, nil
		}
	}
	return "", fmt.Errorf("finding a free port from %d to %d: %w", lowestFree, endFree-1, last)
}
