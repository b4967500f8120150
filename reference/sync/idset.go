package sync

// idset is a set of sourcedIds by a hash of 64 bits, of some twelve bytes each. Among a million
// two have the same hash once in thirty million rosters; what that would do is said where it is asked.
type idset struct {
	table []uint64 // zero is free
	count int
	zero  bool
}

// hashOf is FNV-1a with its bits mixed, the same in every process.
func hashOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// place finds a hash, or where it would be.
func (s *idset) place(h uint64) (int, bool) {
	mask := uint64(len(s.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.table[i] {
		case h:
			return int(i), true
		case 0:
			return int(i), false
		}
	}
}

func (s *idset) has(h uint64) bool {
	if s == nil || len(s.table) == 0 || h == 0 {
		return s != nil && h == 0 && s.zero
	}
	_, there := s.place(h)
	return there
}

// add says whether it wasn't there.
func (s *idset) add(h uint64) bool {
	if h == 0 {
		added := !s.zero
		s.zero = true
		return added
	}
	if s.count*4 >= len(s.table)*3 {
		s.grow()
	}
	i, there := s.place(h)
	if !there {
		s.table[i] = h
		s.count++
	}
	return !there
}

func (s *idset) grow() {
	old := s.table
	s.table = make([]uint64, max(64, 2*len(old)))
	for _, h := range old {
		if h != 0 {
			i, _ := s.place(h)
			s.table[i] = h
		}
	}
}
