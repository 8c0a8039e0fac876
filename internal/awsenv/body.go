package awsenv

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// addPlainBody hides from net/http that a request's body has a WriteTo.
//
// The SDK closes the body as soon as an answer has come, and a closed body's
// WriteTo returns io.EOF as an error (smithy-go 1.28,
// transport/http/internal/io). net/http, having sent all of it, still asks the
// body whether there is more, takes that for a failed write and cuts the
// connection on which the answer is being read. An answer that came quickly to
// a question of more than 4 KiB, a few hundred ids, was so lost now and then.
// Read returns io.EOF as it should.
func addPlainBody(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("AmirotatePlainBody", plainBody), middleware.Before)
}

func plainBody(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if req, ok := in.Request.(*smithyhttp.Request); ok && req.IsStreamSeekable() {
		plain, err := req.SetStream(struct{ io.ReadSeeker }{req.GetStream().(io.ReadSeeker)})
		if err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, fmt.Errorf("cannot read the request's body: %w", err)
		}
		in.Request = plain
	}
	return next.HandleBuild(ctx, in)
}
