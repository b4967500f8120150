package browser

import "context"

// Popped goes on in a window that the page has opened by itself, if there is one.
func (p *Page) Popped(ctx context.Context) (bool, error) {
	p.mu.Lock()
	popped := p.popped
	p.popped = false
	p.mu.Unlock()
	if !popped {
		return false, nil
	}
	return p.follow(ctx)
}
