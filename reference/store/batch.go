package store

import "fmt"

// readBatch is how many documents are fetched at a time when a list of ranks is
// read: a page of a hundred takes one query, and a page of 10,000 never holds
// more than this many documents in memory.
const readBatch = 256

// readInBatches reads ranks in their order by means of two primitives: set,
// which yields a batch of ranks in any order, and span, which yields a run of
// neighbours in theirs.
func readInBatches(ranks []int32, visit Visit,
	set func(ranks []int32, keep Visit) error,
	span func(first, end int32, visit Visit) error,
) error {
	for len(ranks) > 0 {
		batch := ranks[:min(len(ranks), readBatch)]
		ranks = ranks[len(batch):]
		var err error
		if first, last := batch[0], batch[len(batch)-1]; ascendingRun(batch) {
			err = readRun(first, last+1, visit, span)
		} else {
			err = readScattered(batch, visit, set)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ascendingRun(ranks []int32) bool {
	for i := 1; i < len(ranks); i++ {
		if ranks[i] != ranks[i-1]+1 {
			return false
		}
	}
	return true
}

func readRun(first, end int32, visit Visit, span func(first, end int32, visit Visit) error) error {
	next := first
	err := span(first, end, func(rank int32, body []byte) error {
		next = rank + 1
		return visit(rank, body)
	})
	if err == nil && next != end {
		err = fmt.Errorf("there is no document of rank %d", next)
	}
	return err
}

func readScattered(ranks []int32, visit Visit, set func(ranks []int32, keep Visit) error) error {
	// All bodies of the batch share one buffer; place holds where each lies.
	type place struct{ from, to int }
	var buffer []byte
	places := make(map[int32]place, len(ranks))
	err := set(ranks, func(rank int32, body []byte) error {
		from := len(buffer)
		buffer = append(buffer, body...)
		places[rank] = place{from, len(buffer)}
		return nil
	})
	if err != nil {
		return err
	}
	for _, rank := range ranks {
		p, ok := places[rank]
		if !ok {
			return fmt.Errorf("there is no document of rank %d", rank)
		}
		if err := visit(rank, buffer[p.from:p.to]); err != nil {
			return err
		}
	}
	return nil
}
