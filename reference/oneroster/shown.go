package oneroster

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// shownOf gathers what dialects show of collections that they don't have as a whole.
func shownOf(services []Service) map[store.Collection]Shown {
	all := map[store.Collection]Shown{}
	for _, s := range services {
		if s.Dialect == nil {
			continue
		}
		for c, shown := range s.Dialect.Shown {
			all[c] = shown
		}
	}
	return all
}

// limited says whether not all of a collection is there for clients.
func (s *selector) limited(c store.Collection) bool {
	_, is := s.shown[c]
	return is
}

// shownKeys lists the objects of a limited collection that are there for clients, ascending.
func (s *selector) shownKeys(ctx context.Context, c store.Collection) ([]store.Key, error) {
	d, err := s.cache.get("shown "+string(c), s.store.Version(), func(*derived) (derived, error) {
		ctx := context.WithoutCancel(ctx)
		at := s.store.Version()
		keys, err := s.findShown(ctx, c)
		return derived{keys, at}, err
	})
	return d.keys, err
}

func (s *selector) findShown(ctx context.Context, c store.Collection) ([]store.Key, error) {
	shown := s.shown[c]
	where, err := parseFilter(shown.Where)
	if err != nil {
		return nil, fmt.Errorf("what is shown of %s: %w", c, err)
	}
	keys, err := s.filter(ctx, c, nil, where)
	if err != nil || shown.Relation == "" {
		return keys, err
	}
	owners, err := s.shownKeys(ctx, shown.Of)
	if err != nil {
		return nil, err
	}
	hanging := []store.Key{}
	for _, owner := range owners {
		members, err := s.store.Members(ctx, shown.Relation, owner)
		if err != nil {
			return nil, err
		}
		hanging = append(hanging, members...)
	}
	slices.Sort(hanging)
	return intersect(hanging, keys), nil
}

// show leaves those of the keys, nil for all of a collection, that are there for clients.
func (s *selector) show(ctx context.Context, c store.Collection, keys []store.Key) ([]store.Key, error) {
	if !s.limited(c) {
		return keys, nil
	}
	shown, err := s.shownKeys(ctx, c)
	if err != nil || keys == nil {
		return shown, err
	}
	return intersect(shown, keys), nil
}

// has says whether an object is there for clients.
func (s *selector) has(ctx context.Context, c store.Collection, key store.Key) (bool, error) {
	if !s.limited(c) {
		return true, nil
	}
	shown, err := s.shownKeys(ctx, c)
	_, is := slices.BinarySearch(shown, key)
	return is, err
}
