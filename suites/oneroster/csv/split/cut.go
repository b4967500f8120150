package split

import "bytes"

// Cut gives how many bytes of data are whole records: up to and with the last
// line end that is not inside quotes; 0 when there is none. Where quotes are
// unbalanced it reads the records themselves, so that it agrees with Splitter.
// data needs Pad bytes of capacity behind it.
func Cut(data []byte) int {
	last := bytes.LastIndexByte(data, '\n') + 1
	if last == 0 || bytes.Count(data[:last], quote)%2 == 0 {
		return last
	}
	var s Splitter
	s.Reset(data)
	cut := 0
	for s.Next() {
		if s.Problem&Unterminated == 0 && s.pos <= len(data) && data[s.pos-1] == '\n' {
			cut = s.pos
		}
	}
	return cut
}

var quote = []byte{'"'}
