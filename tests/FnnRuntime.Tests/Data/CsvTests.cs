using System.Globalization;
using System.Text;
using CsCheck;

namespace FeedbackNN.Runtime.Tests.Data;

public sealed class CsvTests : IDisposable
{
    private static readonly CsvOptions Header = new() { HasHeader = true };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_table_has_typed_columns()
    {
        var table = CsvFile.Read(_folder.Write("t.csv", "name,age,weight\nAda,36,61.5\n\"Grace \"\"G\"\" Hopper\",85,-1e-3\n"), Header);

        Assert.Equal(2, table.RowCount);
        Assert.Equal(["name", "age", "weight"], table.Columns.Select(column => column.Name));
        Assert.Equal(["Ada", "Grace \"G\" Hopper"], table["name"].Texts());
        Assert.Equal([36, 85], table["age"].Integers());
        Assert.Equal([61.5f, -1e-3f], table["weight"].Floats());
        Assert.Equal([61.5, -1e-3], table[^1].Doubles());
        Assert.Equal([36, 61.5f, 85, -1e-3f], table.Floats(1..));
        Assert.Equal([61.5f, 36, -1e-3f, 85], table.Floats(["weight", "age"]));
    }

    [Theory]
    [InlineData("a,b\nc,d")]
    [InlineData("a,b\nc,d\n")]
    [InlineData("a,b\r\nc,d\r\n")]
    [InlineData("a,b\rc,d\r")]
    [InlineData("\"a\",\"b\"\r\n\"c\",\"d\"")]
    [InlineData("\uFEFFa,b\nc,d\n")]
    public void Line_ends_quotes_and_a_byte_order_mark_make_no_difference(string content)
    {
        var table = CsvFile.Read(_folder.Write("t.csv", content));
        Assert.Equal(["a", "c"], table[0].Texts());
        Assert.Equal(["b", "d"], table[1].Texts());
    }

    [Fact]
    public void Whatever_is_written_by_the_rules_is_read_back()
    {
        var path = _folder["random.csv"];
        // A last row of one empty field without quotes could not be told from the end of the file, so that all fields are in quotes or not empty.
        var text = Gen.String[Gen.OneOfConst('a', '"', ',', ';', '\n', '\r', ' ', 'é', '\t'), 0, 12];
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 20]).SelectMany((columns, rows) => text.Array[columns].Array[rows])
            .Select(Gen.Bool, Gen.Bool, Gen.OneOfConst(',', ';', '\t'))
            .Sample((rows, crlf, packed, separator) =>
            {
                var lines = rows.Select(row => string.Join(separator, row.Select(field => Written(field, separator))) + (crlf ? "\r\n" : "\n"));
                var bytes = Encoding.UTF8.GetBytes(string.Concat(lines));
                File.WriteAllBytes(path, packed ? TemporaryFolder.Pack(bytes) : bytes);

                var table = CsvFile.Read(path, new CsvOptions { Separator = separator });
                Assert.Equal(rows.Length, table.RowCount);
                for (var column = 0; column < rows[0].Length; column++)
                    Assert.Equal(rows.Select(row => row[column]), table[column].Texts());
            }, iter: 300, threads: 1);

        static string Written(string field, char separator) =>
            field.Length == 0 || field.AsSpan().IndexOfAny("\"\r\n") >= 0 || field.Contains(separator) ? $"\"{field.Replace("\"", "\"\"")}\"" : field;
    }

    [Fact]
    public void Fields_may_lie_across_the_edges_of_what_is_read_at_once()
    {
        var rows = Enumerable.Range(0, 300).Select(row => new string('x', row * 7 % 1000) + "\"\r\n" + row).ToArray();
        var content = string.Concat(rows.Select(row => $"\"{row.Replace("\"", "\"\"")}\",{row.Length}\r\n"));
        Assert.True(content.Length > 2 * 65536);
        var table = CsvFile.Read(_folder.Write("long.csv", content));
        Assert.Equal(rows, table[0].Texts());
        Assert.Equal(rows.Select(row => row.Length), table[1].Integers());
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        var path = _folder.Write("t.csv", "1.5;2\n");
        var before = CultureInfo.CurrentCulture;
        try
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NumberDecimalSeparator = ",";
            culture.NumberFormat.NumberGroupSeparator = ".";
            CultureInfo.CurrentCulture = culture;
            Assert.Equal([1.5f, 2], CsvFile.Read(path, new CsvOptions { Separator = ';' }).Floats(..));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Missing_values_are_those_that_the_reader_names()
    {
        var table = CsvFile.Read(_folder.Write("t.csv", "area,rooms,note\n51.5,NA,NA\n,3,\n 7 , NA ,x\n"), Header);

        Assert.Equal([51.5f, float.NaN, 7f], table["area"].Floats(missing: [""]));
        Assert.Equal([51.5, -1, 7], table["area"].Doubles(missing: [""], replacement: -1));
        Assert.Equal([0, 3, 0], table["rooms"].Integers(missing: ["NA"], replacement: 0));
        Assert.Equal([true, false, true], table["rooms"].IsMissing(["NA"]));
        Assert.Equal([51.5f, float.NaN, float.NaN, 3f, 7f, float.NaN], table.Floats(["area", "rooms"], missing: ["", "NA"]));
        Assert.Equal([float.NaN, 51.5f, 3f, float.NaN, float.NaN, 7f], table.Floats(["rooms", "area"], missing: ["", "NA"]));
        Assert.Equal([51.5f, 9f, 9f, 3f, 7f, 9f], table.Floats(..2, missing: ["", "NA"], replacement: 9));
        Assert.Equal([false, true, true, false, false, true], table.IsMissing(..2, ["", "NA"]));
        Assert.Equal([true, false, false, true, true, false], table.IsMissing(["rooms", "area"], ["", "NA"]));
        Assert.Equal(["NA", "", "x"], table["note"].Texts());
    }

    [Fact]
    public void What_is_not_named_as_missing_stays_an_error()
    {
        var table = CsvFile.Read(_folder.Write("t.csv", "area,rooms\n1,NA\n,na\nNaN,\n"), Header);
        Assert.Contains("t.csv(4): column 'area': 'NaN' is no finite number", Assert.Throws<DataException>(() => table["area"].Floats(missing: [""])).Message);
        Assert.Contains("t.csv(3): column 'rooms': 'na' is not a number", Assert.Throws<DataException>(() => table["rooms"].Floats(missing: ["NA", ""])).Message);
        Assert.Contains("t.csv(3): column 'rooms': 'na' is no whole number", Assert.Throws<DataException>(() => table["rooms"].Integers(["NA"], 0)).Message);
        Assert.Contains("Name at least one text", Assert.Throws<ArgumentException>(() => table["area"].Floats(missing: [])).Message);
    }

    [Fact]
    public void Features_and_labels_by_place_and_by_name()
    {
        var plain = CsvSource.Read(_folder.Write("p.csv", "1,2,0\n3,4,1\n"), features: ..2, label: ^1, classes: 2);
        var named = CsvSource.Read(_folder.Write("n.csv", "y,b,a\n0,2,1\n1,4,3\n"), ["a", "b"], "y", classes: 2);

        foreach (var data in (LabelledData[])[plain, named])
        {
            Assert.Equal((2, 2, 2), (data.Count, data.Width, data.Classes));
            Assert.Equal([3f, 4f], data[1].Features.ToArray());
            Assert.Equal(1, data[1].Label);
            Assert.Equal([1, 1], data.CountByClass());
        }
        Assert.Equal([0.5f, 1, 1.5f, 2], plain.Scaled(0.5f).Features.ToArray());
    }

    [Fact]
    public void The_label_may_not_be_a_feature() =>
        Assert.Throws<ArgumentException>(() => CsvSource.Read(_folder.Write("t.csv", "1,2,0\n"), features: .., label: ^1, classes: 2));

    /// <summary>What is wrong with the content, and the message without the path.</summary>
    [Theory]
    [InlineData("", "t.csv: it is empty. Check that it is the right file.")]
    [InlineData("1,2,0\n1,0\n", "t.csv(2): 2 fields where the first line has 3. Correct or remove the line, or check the separator.")]
    [InlineData("1,2,0\n1,2,3,0\n", "t.csv(2): 4 fields where the first line has 3.")]
    [InlineData("1,2,0\n\n1,2,0\n", "t.csv(2): the line is empty, where 3 fields are expected.")]
    [InlineData("1,2,0\n1,2,0\n\n", "t.csv(3): the line is empty, where 3 fields are expected.")]
    [InlineData("1,2,0\n1,2", "t.csv(2): 2 fields where the first line has 3.")]
    [InlineData("a,b,y\n1,2,0\n", "t.csv(1): column 0 (counted from 0): 'a' is not a number. If this is the header, say HasHeader = true.")]
    [InlineData("1,2,0\n1,x,0\n", "t.csv(2): column 1 (counted from 0): 'x' is not a number. Correct the file, leave the column out, or read it with CsvFile and say that this is a missing value: Floats(missing: [\"x\"]).")]
    [InlineData("1,2,0\n1,,0\n", "t.csv(2): column 1 (counted from 0): the field is empty, where a number is expected. Give every field a value, or read it with CsvFile and say that this is a missing value: Floats(missing: [\"\"]).")]
    [InlineData("1,2,0\n1,\"2,5\",0\n", "t.csv(2): column 1 (counted from 0): '2,5' is not a number. Write decimals with a point.")]
    [InlineData("1,2,0\n1,NaN,0\n", "t.csv(2): column 1 (counted from 0): 'NaN' is no finite number that fits a float of 32 bits. Correct the file, or read it with CsvFile and say that this is a missing value: Floats(missing: [\"NaN\"]).")]
    [InlineData("1,2,0\n1,not measured: the gauge was broken then,0\n", "t.csv(2): column 1 (counted from 0): 'not measured: the gauge was brok…' is not a number. Correct the file, leave the column out, or read it with CsvFile, whose Floats(missing: …) takes the whole texts of fields that are missing values.")]
    [InlineData("1,2,0\n1,ääääääääääääääää,0\n", "'ääääääääääääääää' is not a number. Correct the file, leave the column out, or read it with CsvFile and say that this is a missing value: Floats(missing: [\"ääääääääääääääää\"]).")]
    [InlineData("1,2,0\n1,xääääääääääääääää,0\n", "'xäääääääääääääää…' is not a number. Correct the file, leave the column out, or read it with CsvFile, whose")]
    [InlineData("1,2,0\n1,\"\"\"?\"\"\",0\n", "'\"?\"' is not a number. Correct the file, leave the column out, or read it with CsvFile, whose Floats(missing: …) takes the whole texts")]
    [InlineData("1,2,0\n1,-Infinity,0\n", "'-Infinity' is no finite number that fits a float of 32 bits. Replace infinite values and those that are too large.")]
    [InlineData("1,2,0\n1,1e39,0\n", "'1e39' is no finite number that fits a float of 32 bits.")]
    [InlineData("1,2,0\n1,2,10\n", "t.csv(2): column 2 (counted from 0): the label 10 is not one of 0 to 9. Correct the label or the number of classes.")]
    [InlineData("1,2,-1\n", "the label -1 is not one of 0 to 9.")]
    [InlineData("1,2,1.5\n", "t.csv(1): column 2 (counted from 0): the label '1.5' is no whole number.")]
    [InlineData("1,2,0\n1,\"2,0\n", "t.csv(2): a quote is opened here and never closed.")]
    [InlineData("1,2,0\n1,\"2\n\n3\"x,0\n", "t.csv(4): text follows a closing quote.")]
    [InlineData("1,2,0\n1,2\",0\n", "t.csv(2): a quote stands inside a field that does not begin with one.")]
    [InlineData("1,2\n", "t.csv: it has 2 columns, so there is no column 2. Check the column, or the separator.")]
    [InlineData("1;2;0\n", "t.csv: it has 1 columns, so there are no columns 0..2.")]
    public void Bad_content_gets_one_clear_error(string content, string message)
    {
        var path = _folder.Write("t.csv", content);
        var error = Assert.Throws<DataException>(() => CsvSource.Read(path, features: ..2, label: 2, classes: 10));
        Assert.Contains(message, error.Message);
        Assert.StartsWith(path, error.Message);
        Assert.Equal(path, error.File);
    }

    [Fact]
    public void Lines_are_counted_through_quoted_line_ends()
    {
        var path = _folder.Write("t.csv", "a,b\r\n\"1\r\n2\n3\r4\",5\r\nx,y\r\n");
        var error = Assert.Throws<DataException>(() => CsvFile.Read(path)[1].Integers());
        Assert.Equal(1, error.Line);
        error = Assert.Throws<DataException>(() => CsvFile.Read(path, Header)["b"].Integers());
        Assert.Contains("t.csv(6): column 'b': 'y' is no whole number of 32 bits.", error.Message);
        Assert.Equal(6, error.Line);
    }

    [Fact]
    public void A_header_is_needed_for_names_and_must_have_them()
    {
        var path = _folder.Write("t.csv", "a,b,b\n1,2,3\n");
        Assert.Contains("Say HasHeader = true", Assert.Throws<DataException>(() => CsvFile.Read(path)["a"]).Message);
        Assert.Contains("it has no column 'c'; its columns are a, b, b.", Assert.Throws<DataException>(() => CsvFile.Read(path, Header)["c"]).Message);
        Assert.Contains("it has several columns 'b'.", Assert.Throws<DataException>(() => CsvFile.Read(path, Header)["b"]).Message);
        Assert.Contains("a header and no data", Assert.Throws<DataException>(() => CsvFile.Read(_folder.Write("h.csv", "a,b\n"), Header)).Message);
        Assert.Contains("it is empty", Assert.Throws<DataException>(() => CsvFile.Read(_folder.Write("e.csv", ""), Header)).Message);
    }

    [Fact]
    public void Labels_can_be_names()
    {
        var column = CsvFile.Read(_folder.Write("t.csv", "setosa\nvirginica\nsetosa\n"))[0];
        Assert.Equal([1, 0, 1], column.Labels(["virginica", "setosa"]));
        Assert.Contains("t.csv(2): column 0 (counted from 0): 'virginica' is none of the classes setosa.", Assert.Throws<DataException>(() => column.Labels(["setosa"])).Message);
    }

    [Fact]
    public void Text_that_is_no_utf8_is_refused()
    {
        var path = _folder.Write("t.csv", [(byte)'a', 0xE9, (byte)'\n']);
        Assert.Contains("the text is no UTF-8. Save the file as UTF-8.", Assert.Throws<DataException>(() => CsvFile.Read(path)[0].Texts()).Message);
    }

    [Fact]
    public void A_file_that_is_not_there_says_where_was_looked()
    {
        var error = Assert.Throws<DataException>(() => CsvFile.Read("nowhere/t.csv"));
        Assert.Equal($"nowhere/t.csv: there is no such file. Check the path; relative ones begin in {Environment.CurrentDirectory}.", error.Message);
    }

    [Theory]
    [InlineData('"')]
    [InlineData('\n')]
    [InlineData('é')]
    public void A_separator_is_one_ascii_character(char separator) => Assert.Throws<ArgumentException>(() => new CsvOptions { Separator = separator });
}
