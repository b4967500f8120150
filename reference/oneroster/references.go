package oneroster

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Referral says where a reference leads that an object has in one of its members. What
// is written is held to it.
type Referral struct {
	Collection store.Collection // of the objects that refer
	Member     string           // such as lineItem
	Owners     store.Collection // what it refers to
	Kind       string           // as the reference says it: type
	Endpoint   string           // where that is read
	Service    string           // the path of the service that has the endpoint; empty where it is the same one
}

// to makes the reference as it is stored.
func (r Referral) to(sourcedID string) Reference {
	if r.Service != "" {
		return ReferAcross(r.Service, r.Kind, r.Endpoint, sourcedID)
	}
	return ReferTo(r.Kind, r.Endpoint, sourcedID)
}

// referralsOf gives those of the objects of a collection.
func (p *Provider) referralsOf(c store.Collection) []Referral {
	return slices.DeleteFunc(slices.Clone(p.referrals), func(r Referral) bool { return r.Collection != c })
}

// hold looks for the objects that a written one refers to, and gives their keys by the
// member. One that isn't there makes the write impossible.
func (p *Provider) hold(tx store.Tx, c store.Collection, object []byte) (map[string]store.Key, error) {
	owners := map[string]store.Key{}
	for _, r := range p.referralsOf(c) {
		sourcedID, there := referredBy(object, r.Member)
		if !there {
			continue
		}
		key, _, err := tx.Get(r.Owners, sourcedID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fail(http.StatusUnprocessableEntity, minorInvalidData, "%s refers to no %s that is here", r.Member, r.Kind)
		}
		if err != nil {
			return nil, err
		}
		owners[r.Member] = key
	}
	return owners, nil
}

// referredBy reads the sourcedId of a reference that an object has.
func referredBy(object []byte, member string) (sourcedID string, there bool) {
	eachValue(object, member+".sourcedId", func(value []byte) bool {
		sourcedID, there = string(value), true
		return false
	})
	return sourcedID, there
}

// link brings the lists up to date in which an object stands by its references: before
// is what was stored until now, after what is; either may be nil.
func (p *Provider) link(tx store.Tx, c store.Collection, key store.Key, before, after []byte) error {
	for _, l := range p.links {
		if l.Collection != c {
			continue
		}
		was, wasThere := referredBy(before, l.Path)
		is, isThere := referredBy(after, l.Path)
		if was == is && wasThere == isThere {
			continue
		}
		if wasThere {
			if err := relink(tx.Unlink, tx, l, was, key); err != nil {
				return err
			}
		}
		if isThere {
			if err := relink(tx.Link, tx, l, is, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func relink(by func(relation string, owner, member store.Key) error, tx store.Tx, l Link, referred string, key store.Key) error {
	target, _, err := tx.Get(l.Target, referred)
	if errors.Is(err, store.ErrNotFound) {
		return nil // nobody's list
	}
	if err != nil {
		return err
	}
	if l.Forward {
		return by(l.Relation, key, target)
	}
	return by(l.Relation, target, key)
}

// hanging says what refers to an object, if anything does.
func (p *Provider) hanging(tx store.Tx, c store.Collection, key store.Key) (who string, err error) {
	for _, l := range p.links {
		if l.Target != c || l.Forward {
			continue
		}
		members, err := tx.Members(l.Relation, key)
		if err != nil {
			return "", err
		}
		if len(members) > 0 {
			return fmt.Sprintf("%d of %s", len(members), l.Collection), nil
		}
	}
	return "", nil
}

// checkReferrals holds a description to what can be written by it: each reference that an
// object has says where it leads.
func (s *Service) checkReferrals(written store.Collection) error {
	for _, field := range reflect.VisibleFields(s.Objects[written]) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		kind := field.Type
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			kind = kind.Elem()
		}
		if kind != reflect.TypeFor[Reference]() {
			continue
		}
		told := slices.ContainsFunc(s.Referrals, func(r Referral) bool { return r.Collection == written && r.Member == name })
		if !told || field.Type.Kind() == reflect.Slice {
			return fmt.Errorf("nothing says where the reference %s of %s leads", name, written)
		}
	}
	return nil
}
