package riverbend

import (
	"context"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/web"
)

func (d *District) startPage(ctx context.Context) (err error) {
	if d.server, err = web.Bind(ctx, d.o.listen(atStart), nil); err != nil {
		return err
	}
	d.closing(d.server.Close)
	d.Origin = d.server.Named(d.o.Host)
	d.server.Serve(ctx, http.NotFoundHandler())
	return nil
}
