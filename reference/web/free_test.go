package web

import (
	"net"
	"strconv"
	"testing"
)

func TestFreeAddressCanBeListenedOn(t *testing.T) {
	for range 50 {
		address, err := FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := net.SplitHostPort(address)
		if port, _ := strconv.Atoi(text); port < lowestFree || port >= endFree {
			t.Errorf("%s is where outgoing connections have their ports", address)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
