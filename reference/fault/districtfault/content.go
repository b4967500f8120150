package districtfault

import (
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// content are mistakes in what becomes of content that was picked.
func content() map[string]behaviour {
	item := func(change func(*lti.ContentItem)) behaviour {
		return made(func(c *platform.Config) {
			former := c.Content
			c.Content = func(items []lti.ContentItem) []lti.ContentItem {
				if former != nil {
					items = former(items)
				}
				for i := range items {
					change(&items[i])
				}
				return items
			}
		})
	}
	return map[string]behaviour{
		"between-item-address-lost": item(func(i *lti.ContentItem) { i.URL = "" }),
		"between-item-custom-lost":  item(func(i *lti.ContentItem) { i.Custom = nil }),
		"between-item-title-lost":   item(func(i *lti.ContentItem) { i.Title = "New content" }),
		"between-item-of-catalogue-bare": item(func(i *lti.ContentItem) {
			if i.LineItem == nil { // what tools give has one
				i.Custom = nil
			}
		}),
		"between-item-without-line": item(func(i *lti.ContentItem) { i.LineItem = nil }),
	}
}
