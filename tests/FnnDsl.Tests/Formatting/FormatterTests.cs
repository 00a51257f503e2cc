using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>The rules of the canonical form, one by one.</summary>
public sealed class FormatterTests
{
    /// <summary>Statements, in the body of a layer.</summary>
    private static void InBody(string written, string expected) =>
        AssertFormats($"layer l(n: dim)(x: real[batch, d]) -> real[batch, d] {{\n{written}\nreturn x\n}}\n", InLayer(expected));

    private static string InLayer(string statements) =>
        $"layer l(n: dim)(x: real[batch, d]) -> real[batch, d] {{\n{Indented(statements + "\nreturn x")}}}\n";

    private static string Indented(string lines) =>
        string.Concat(lines.Split('\n').Select(line => line.Length == 0 ? "\n" : "    " + line + "\n"));

    private static void AssertFormats(string written, string expected) => Assert.Equal(expected, Formatting.Format(written));

    // ---- Between tokens --------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("y=x+1", "y = x + 1")]
    [InlineData("y  =\tx\u00A0+  1  ", "y = x + 1")]
    [InlineData("y=f ( x,n :3 )", "y = f(x, n: 3)")]
    [InlineData("y=f()(x) [ 0 ] . T", "y = f()(x)[0].T")]
    [InlineData("y = x|>f|>g(2)", "y = x |> f |> g(2)")]
    [InlineData("y = x@w-x%2", "y = x @ w - x % 2")]
    [InlineData("y = x<=1 and not(x==2)", "y = x <= 1 and not (x == 2)")]
    [InlineData("y = x< -1", "y = x < -1")]
    [InlineData("m<-x", "m <- x")]
    [InlineData("(a,b)=(x,- x)", "(a, b) = (x, -x)")]
    [InlineData("y=- - x^ - 2", "y = --x ^ -2")]
    [InlineData("y = select( x>0,x,- inf )", "y = select(x > 0, x, -inf)")]
    [InlineData("y = net.blocks . 0 . weight", "y = net.blocks.0.weight")]
    [InlineData("y = net.blocks. 0.5", "y = net.blocks. 0.5")]
    [InlineData("y = \"a  b\" ; z = 1_000+0.50", "y = \"a  b\"; z = 1_000 + 0.50")]
    public void Blanks_stand_around_operators_and_behind_commas(string written, string expected) => InBody(written, expected);

    [Theory]
    [InlineData("y = linear(4*d)", "y = linear(4*d)")]
    [InlineData("y = x as [batch,d/heads]", "y = x as [batch, d/heads]")]
    [InlineData("y = 2^i+3*x", "y = 2^i + 3*x")]
    [InlineData("y = a*b*c/d", "y = a*b*c/d")]
    [InlineData("y = 4 *d", "y = 4 * d")]
    [InlineData("y = 4* d", "y = 4 * d")]
    [InlineData("y = a.b*c", "y = a.b * c")]
    [InlineData("y = c*a.b", "y = c * a.b")]
    [InlineData("y = 2*f(x)", "y = 2 * f(x)")]
    [InlineData("y = 2*x[0]", "y = 2 * x[0]")]
    [InlineData("y = 2*(x)", "y = 2 * (x)")]
    [InlineData("y = (x)*2", "y = (x) * 2")]
    [InlineData("y = 2*-x", "y = 2 * -x")]
    [InlineData("y = 2*n\n(a, b) = x", "y = 2*n\n(a, b) = x")]
    [InlineData("y = a+b-c%d", "y = a + b - c % d")]
    public void Multiplications_of_names_and_numbers_stay_tight(string written, string expected) => InBody(written, expected);

    [Theory]
    [InlineData("y = x[ : , 1 :,-1,: :2 ]", "y = x[:, 1:, -1, ::2]")]
    [InlineData("y = x[1 : - 1 , ...]", "y = x[1:-1, ...]")]
    [InlineData("y = x[n - 1:n]", "y = x[n - 1:n]")]
    [InlineData("y[b,t:d]=sum[ k :d ]x[b,k]", "y[b, t: d] = sum[k: d] x[b, k]")]
    [InlineData("y[b]=sum[k](-x[b,k])", "y[b] = sum[k] (-x[b, k])")]
    [InlineData("y = (sum[k]x[k])", "y = (sum[k] x[k])")]
    [InlineData("y = zeros( [ n,3 ] )", "y = zeros([n, 3])")]
    [InlineData("repeat n as i:blocks{ x=f(x) }", "repeat n as i : blocks { x = f(x) }")]
    [InlineData("param w:real [n,d]named\"w\"=0", "param w: real[n, d] named \"w\" = 0")]
    [InlineData("feedback(h:real[d]=0)to fixed_point (tol:1e-3){h<-h}", "feedback (h: real[d] = 0) to fixed_point(tol: 1e-3) { h <- h }")]
    [InlineData("feedback(h:real[d]) until halt (h),at_most 3{h<-h}", "feedback (h: real[d]) until halt(h), at_most 3 { h <- h }")]
    public void Brackets_and_colons_stand_as_they_are_meant(string written, string expected) => InBody(written, expected);

    [Fact]
    public void Heads_and_statements_of_a_train_have_their_blanks()
    {
        AssertFormats(
            "train  Fit for a:A,b : B.C( x : f32[n] )where n>1{\nminimize-mean(a(x))over a with adam( 1e-3 )every 5\nfreeze a.* .w ,b\nclip value(1)}",
            """
            train Fit for a: A, b: B.C (x: f32[n]) where n > 1 {
                minimize -mean(a(x)) over a with adam(1e-3) every 5
                freeze a.*.w, b
                clip value(1)
            }

            """);
    }

    [Fact]
    public void Pipelines_and_names_of_checkpoints_have_their_blanks()
    {
        AssertFormats(
            """
            pipeline P with a:A
             ,b : B {
             fit:Fit( a )on data for 2*k epochs{freeze a.x}
             more: Fit(a) on hardest( data,top:0.2 ) for 1 epoch {
             freeze a.*}
             feedback while fit.loss<0.5,at_most 3{ more }}
            checkpoint C for A { blocks . { i }.w="b.{i}"or x . w; {i}.b = "c" }
            generate G from a:A( x:f32[n] )->f32[n]{return a(x)}
            """,
            """
            pipeline P with a: A,
                b: B
            {
                fit: Fit(a) on data for 2*k epochs { freeze a.x }
                more: Fit(a) on hardest(data, top: 0.2) for 1 epoch {
                    freeze a.*
                }
                feedback while fit.loss < 0.5, at_most 3 { more }
            }
            checkpoint C for A { blocks.{i}.w = "b.{i}" or x.w; {i}.b = "c" }
            generate G from a: A (x: f32[n]) -> f32[n] { return a(x) }

            """);
    }

    // ---- Lines -----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("repeat 2{x=f(x);y=x}", "repeat 2 { x = f(x); y = x }")]
    [InlineData("repeat 2{x=f(x)\n}", "repeat 2 {\n    x = f(x)\n}")]
    [InlineData("repeat 2{\nx=f(x)}", "repeat 2 {\n    x = f(x)\n}")]
    [InlineData("repeat 2{x=f(x)\ny=x;z=x}", "repeat 2 {\n    x = f(x)\n    y = x; z = x\n}")]
    [InlineData("repeat 2{x=f(\nx)}", "repeat 2 {\n    x = f(\n        x)\n}")]
    [InlineData("repeat 2{\n\n}", "repeat 2 { }")]
    [InlineData("repeat 2\n{\nx=1\n}", "repeat 2 {\n    x = 1\n}")]
    [InlineData("repeat 2 { repeat 3 {\n x = 1 } }", "repeat 2 {\n    repeat 3 {\n        x = 1\n    }\n}")]
    [InlineData("if n>1{x=1}else{x=2}", "if n > 1 { x = 1 } else { x = 2 }")]
    [InlineData("if n>1{x=1}\nelse{x=2}", "if n > 1 { x = 1 }\nelse { x = 2 }")]
    [InlineData("if n>1{\nx=1}\nelse\nif n>2{\nx=2}\nelse{x=3}", "if n > 1 {\n    x = 1\n} else if n > 2 {\n    x = 2\n} else { x = 3 }")]
    public void A_block_stands_on_one_line_or_each_statement_on_its_own(string written, string expected) => InBody(written, expected);

    [Theory]
    [InlineData("y = f(\nx,\n  g(a,\nb)\n)", "y = f(\n    x,\n    g(a,\n        b)\n)")]
    [InlineData("y = f(g(\nx\n))", "y = f(g(\n    x\n))")]
    [InlineData("y = f(x\n, z)", "y = f(x,\n    z)")]
    [InlineData("y = f\n |> g\n  |> h", "y = f\n    |> g\n    |> h")]
    [InlineData("y = select(\nx > 0\nand x < 1,\nx, 0)", "y = select(\n    x > 0\n        and x < 1,\n    x, 0)")]
    [InlineData("y =\nx\n+ 1 *\n2", "y =\n    x\n    + 1 *\n    2")]
    [InlineData("y = x\n.T", "y = x.T")]
    [InlineData("emit_ = x\n\n + 1", "emit_ = x\n\n    + 1")]
    [InlineData("feedback (h: real[d])\nover a in x,\nb in x\nalong d\nreverse as\nt {\nh <- h\n}",
        "feedback (h: real[d])\n    over a in x,\n        b in x\n    along d\n    reverse as t\n{\n    h <- h\n}")]
    [InlineData("feedback (\nh: real[d]\n)\ntimes 3 { h <- h }", "feedback (\n    h: real[d]\n)\n    times 3\n{ h <- h }")]
    [InlineData("feedback (\nh: real[d]\n) times 3 {\nh <- h }", "feedback (\n    h: real[d]\n) times 3 {\n    h <- h\n}")]
    public void The_authors_line_breaks_stay_and_are_indented(string written, string expected) => InBody(written, expected);

    [Fact]
    public void A_long_head_has_its_brace_on_a_line_of_its_own()
    {
        AssertFormats(
            "model\nNet(depth: int)\n(x: f32[n],\ny: f32[n])\n->\nf32[n]\nwhere depth > 0,\n n > 1 {\nreturn x }",
            """
            model Net(depth: int)
                (x: f32[n],
                    y: f32[n])
                -> f32[n]
                where depth > 0,
                    n > 1
            {
                return x
            }

            """);
        AssertFormats("fn f(\nx: f32[n]\n)\n-> f32[n]\n{ return x }", "fn f(\n    x: f32[n]\n)\n    -> f32[n]\n{ return x }\n");
        AssertFormats("fn f(\nx: f32[n]\n) -> f32[n]\n{\nreturn x }", "fn f(\n    x: f32[n]\n) -> f32[n] {\n    return x\n}\n");
    }

    [Fact]
    public void Declarations_begin_lines_and_short_ones_may_share_one()
    {
        AssertFormats("fn a(x: f32[n])->f32[n]{return x}fn b(x: f32[n])->f32[n]{return x}",
            "fn a(x: f32[n]) -> f32[n] { return x }\nfn b(x: f32[n]) -> f32[n] { return x }\n");
        AssertFormats("dim a=1 ;dim b=2", "dim a = 1; dim b = 2\n");
        AssertFormats("dim a=1;fn b(x: f32[n])->f32[n]{\nreturn x}", "dim a = 1;\nfn b(x: f32[n]) -> f32[n] {\n    return x\n}\n");
        AssertFormats("dim a=1,\nb=2*\na,\nc=3", "dim a = 1,\n    b = 2 *\n        a,\n    c = 3\n");
        AssertFormats("dim\na=1,\nb=2", "dim\n    a = 1,\n    b = 2\n");
    }

    [Fact]
    public void One_empty_line_stays_where_it_sets_apart()
    {
        AssertFormats(
            "\n\n  \nnamespace A\n\n\n\ndim a = 1\nfn f(x: f32[n]) -> f32[n] {\n\n\ny = x\n \t \n\n\nz = g(\n\ny,\n\n\ny\n\n)\nreturn z\n\n}\n\n\n",
            "namespace A\n\ndim a = 1\nfn f(x: f32[n]) -> f32[n] {\n    y = x\n\n    z = g(\n        y,\n\n        y\n    )\n    return z\n}\n");
    }

    // ---- Comments --------------------------------------------------------------------------------------------------

    [Fact]
    public void Comments_stay_where_they_are()
    {
        AssertFormats(
            """
                // header

            namespace A// after code   


              ///  A doc
              ///
                // and no doc
            model M // name
             (x: f32[n], // first
              // before the second
            y: f32[n]
            // last
            ) -> f32[n] // result
                  // before the body
            { // first in the body

            // own line


              // another
            y = x// trailing
             // in an expression
               + 1
            if n > 1 { y = x } // inline
              // about else
            else { // alone
            }
            return y
            // at the end

            } // behind
            // end of file
            """,
            """
            // header

            namespace A // after code

            ///  A doc
            ///
            // and no doc
            model M // name
                (x: f32[n], // first
                    // before the second
                    y: f32[n]
                    // last
                ) -> f32[n] // result
            // before the body
            { // first in the body
                // own line

                // another
                y = x // trailing
                    // in an expression
                    + 1
                if n > 1 { y = x } // inline
                // about else
                else { // alone
                }
                return y
                // at the end
            } // behind
            // end of file

            """);
    }

    [Fact]
    public void A_file_of_comments_alone_stays()
    {
        AssertFormats("\n\n //a\n\n\n\t/// b", "//a\n\n/// b\n");
        AssertFormats("", "");
        AssertFormats(" \n\t\n", "");
    }

    // ---- Files -----------------------------------------------------------------------------------------------------

    [Fact]
    public void Line_ends_are_those_of_most_lines()
    {
        AssertFormats("dim a=1\r\ndim b=2\r\n\r\n\r\ndim c=3 // c\n", "dim a = 1\r\ndim b = 2\r\n\r\ndim c = 3 // c\r\n");
        AssertFormats("dim a=1\r\ndim b=2\ndim c=3", "dim a = 1\ndim b = 2\ndim c = 3\n");
        AssertFormats("dim a=1\rdim b=2", "dim a = 1\ndim b = 2\n");
    }

    [Fact]
    public void A_byte_order_mark_stays() => AssertFormats("\uFEFF\n  dim a=1", "\uFEFFdim a = 1\n");

    [Theory]
    [InlineData("dim  a = \ndim b=2")]
    [InlineData("fn f(x: f32[n]) -> f32[n] {  return x")]
    [InlineData("dim  a = 1 /* a */")]
    [InlineData("dim  a = 1 # a")]
    [InlineData("fn f(x:f32[n]) -> f32[n] { return \"x }")]
    public void A_file_with_syntax_errors_is_left_and_says_why(string text)
    {
        var result = FnnFormatter.Format(new SourceText("wrong.fnn", text));
        Assert.False(result.IsUnderstood);
        Assert.NotEmpty(result.Diagnostics);
        Assert.Equal(text, result.Text);
        Assert.False(result.IsChanged);
    }

    [Fact]
    public void Mistakes_of_other_kinds_do_not_matter() => AssertFormats("dim a=missing", "dim a = missing\n");

    /// <summary>Work is measured by what is allocated, which does not depend on the machine.</summary>
    [Theory]
    [InlineData("recurrence_of_layers.fnn")]
    [InlineData("feedback_rounds.fnn")]
    public void Work_grows_with_the_length(string name)
    {
        var one = Corpus.Read("good", name).Text.Replace("\n", "  \n\n", StringComparison.Ordinal);
        one = string.Join("\n", one.Split('\n').Where(line => !line.StartsWith("namespace", StringComparison.Ordinal)));
        var (small, large) = (Allocated(20), Allocated(200));
        Assert.InRange((double)large / small, 8, 13);

        long Allocated(int copies)
        {
            var source = new SourceText("test.fnn", string.Concat(Enumerable.Repeat(one, copies)));
            Assert.True(FnnFormatter.Format(source).IsChanged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            FnnFormatter.Format(source);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
