package store

// readBatch is how many documents are fetched at a time when a list of keys is
// read: a page of a hundred takes one query, and a page of 10,000 never holds
// more than this many documents in memory.
const readBatch = 256

// readInBatches reads keys in their order by means of two primitives: set,
// which yields a batch of keys in any order, and span, which yields a run of
// neighbours in theirs.
func readInBatches(keys []Key, visit Visit,
	set func(keys []Key, keep Visit) error,
	span func(first, end Key, visit Visit) error,
) error {
	for len(keys) > 0 {
		batch := keys[:min(len(keys), readBatch)]
		keys = keys[len(batch):]
		var err error
		if first, last := batch[0], batch[len(batch)-1]; ascendingRun(batch) {
			err = span(first, last+1, visit)
		} else {
			err = readScattered(batch, visit, set)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ascendingRun(keys []Key) bool {
	for i := 1; i < len(keys); i++ {
		if keys[i] != keys[i-1]+1 {
			return false
		}
	}
	return true
}

func readScattered(keys []Key, visit Visit, set func(keys []Key, keep Visit) error) error {
	// All bodies of the batch share one buffer; place holds where each lies.
	type place struct{ from, to int }
	var buffer []byte
	places := make(map[Key]place, len(keys))
	err := set(keys, func(key Key, body []byte) error {
		from := len(buffer)
		buffer = append(buffer, body...)
		places[key] = place{from, len(buffer)}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		p, there := places[key]
		if !there {
			continue // it was deleted since somebody looked
		}
		if err := visit(key, buffer[p.from:p.to]); err != nil {
			return err
		}
	}
	return nil
}
