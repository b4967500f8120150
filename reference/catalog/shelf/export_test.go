package shelf

import "context"

// ChangeForm makes the tables such of another form.
func ChangeForm(ctx context.Context, s *Shelf) error {
	_, err := s.db.ExecContext(ctx, `UPDATE `+stateTable+` SET form = 'older'`)
	return err
}
