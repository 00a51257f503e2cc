using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace FeedbackNN.Runtime.Tests.Checkpoints;

public sealed unsafe class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back()
    {
        var path = _folder["m.safetensors"];
        SafetensorsFile.Write(
            path,
            [
                SafetensorsEntry.From("steps", [], new long[] { 1L << 40 }),
                SafetensorsEntry.From("mask", [3], new[] { true, false, true }),
                SafetensorsEntry.From("fc1.weight", [2, 3], new[] { 1f, -0f, float.NaN, float.PositiveInfinity, 1e-45f, 6 }),
                SafetensorsEntry.From("empty", [0, 4], Array.Empty<double>()),
                SafetensorsEntry.From("größe", [1], new[] { 7 }),
            ],
            new Dictionary<string, string> { ["format"] = "feedbacknn 1", ["quote"] = "a \"b\" \n ü" });

        using var content = SafetensorsFile.Read(path);
        Assert.Equal(["steps", "empty", "fc1.weight", "größe", "mask"], content.Tensors.Select(tensor => tensor.Name).OrderBy(name => "sefgm".IndexOf(name[0])));
        Assert.Equal([1L << 40], content.ToArray<long>("steps"));
        Assert.Equal([true, false, true], content.ToArray<bool>("mask"));
        Assert.Equal([1f, -0f, float.NaN, float.PositiveInfinity, 1e-45f, 6], content.ToArray<float>("fc1.weight"));
        Assert.Equal(BitConverter.SingleToInt32Bits(-0f), BitConverter.SingleToInt32Bits(content.ToArray<float>("fc1.weight")[1]));
        Assert.Empty(content.ToArray<double>("empty"));
        Assert.Equal([7], content.ToArray<int>("größe"));
        Assert.Equal([2, 3], content.Find("fc1.weight")!.Shape);
        Assert.Equal("fc1.weight: F32[2, 3]", content.Find("fc1.weight")!.ToString());
        Assert.Equal("feedbacknn 1", content.Metadata["format"]);
        Assert.Equal("a \"b\" \n ü", content.Metadata["quote"]);
        Assert.Null(content.Find("fc2"));
    }

    [Fact]
    public void Any_set_of_tensors_survives_the_way_there_and_back()
    {
        var path = _folder["random.safetensors"];
        var shapes = Gen.Int[0, 5].Select(size => (long)size).Array[0, 4];
        var tensors = Gen.Select(Gen.Enum<SafetensorsDtype>(), shapes).SelectMany((dtype, shape) =>
            Gen.Byte.Array[(int)(shape.Aggregate(1L, (a, b) => a * b) * dtype.Bytes())].Select(bytes => (dtype, shape, bytes)));
        Gen.Dictionary(Gen.String[1, 8].Where(name => name.EnumerateRunes().All(rune => rune != Rune.ReplacementChar)), tensors)[0, 8].Sample(model =>
        {
            SafetensorsFile.Write(path, model.Select(pair => new SafetensorsEntry(pair.Key, pair.Value.dtype, pair.Value.shape, pair.Value.bytes)).ToArray());
            using var content = SafetensorsFile.Read(path);
            Assert.Equal(model.Keys.Order(StringComparer.Ordinal), content.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
            foreach (var (name, (dtype, shape, bytes)) in model)
            {
                var tensor = content.Find(name)!;
                Assert.Equal((dtype, bytes.LongLength), (tensor.Dtype, tensor.ByteLength));
                Assert.Equal(shape, tensor.Shape);
                var read = new byte[bytes.Length];
                content.CopyTo(name, read);
                Assert.Equal(bytes, read);
            }
        }, iter: 150, threads: 1);
    }

    /// <summary>The bytes that another program expects, spelled out.</summary>
    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        var path = _folder["m.safetensors"];
        SafetensorsFile.Write(
            path,
            [SafetensorsEntry.From("n", [2], new byte[] { 8, 9 }), SafetensorsEntry.From("w", [1, 2], new[] { 1f, 2f })],
            new Dictionary<string, string> { ["by"] = "us" });

        const string header = """{"__metadata__":{"by":"us"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"n":{"dtype":"U8","shape":[2],"data_offsets":[8,10]}}""";
        var padding = new string(' ', -header.Length & 7);
        byte[] expected = [.. BitConverter.GetBytes((ulong)(header.Length + padding.Length)), .. Encoding.UTF8.GetBytes(header + padding), 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 8, 9];
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    /// <summary>As Python writes it: spaces after commas and colons, keys in another order, tensors in the file in another order than in the header.</summary>
    [Fact]
    public void A_file_from_another_program_is_read()
    {
        var path = Write(
            """{"b": {"data_offsets": [8, 10], "shape": [], "dtype": "BF16"}, "a": {"dtype": "I32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"format": "pt"}}   """,
            [1, 0, 0, 0, 255, 255, 255, 255, 0x80, 0x3F]);
        using var content = SafetensorsFile.Read(path);
        Assert.Equal(["a", "b"], content.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, -1], content.ToArray<int>("a"));
        Assert.Equal(SafetensorsDtype.BFloat16, content.Find("b")!.Dtype);
        Assert.Equal("pt", content.Metadata["format"]);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", 8, "its header is no valid JSON")]
    [InlineData("""[1]""", 0, "its header does not begin with '{': it is no safetensors file.")]
    [InlineData("""{"a":1}""", 0, "the header's 'a' is no object.")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "the header's 'a' has no dtype.")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has elements of type 'F31'; known are BOOL, U8, ")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8, "the header's 'a' has no shape.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "the header's 'a' has no data_offsets.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "the shape of 'a' holds -2, which is no whole number from 0.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", 8, "the shape of 'a' holds 1.5")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", 8, "the shape of 'a' holds \"2\"")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}""", 8, "more than any file can hold.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "'a' is F32[3], 12 bytes, but its data_offsets span 8 bytes.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "the data_offsets of 'a' are no begin and end.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "the data_offsets of 'a' are no begin and end.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}""", 8, "the header's 'a' has 'more' twice or has no business with it.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", 8, "the header's 'a' has 'shape' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'a' begins at byte 4 of the data, but the tensor before it ends at 0: there is a gap.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "'b' begins at byte 2 of the data, but the tensor before it ends at 4: they overlap.")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "its header names 'a' twice.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "its tensors take 8 bytes, but only 7 follow the header: the file was cut short.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "its tensors take 8 bytes, but 9 follow the header: something was added to the file.")]
    [InlineData("""{"__metadata__":1}""", 0, "its '__metadata__' is no object.")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "its metadata 'a' is no text.")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "its metadata names 'a' twice.")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "a name in its header is no valid text.")]
    [InlineData("""{"__metadata__":{"a":"\ud800"}}""", 0, "a text in its header is not valid.")]
    public void Every_claim_of_a_header_is_checked(string header, int dataLength, string reason)
    {
        var path = Write(header, new byte[dataLength]);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(path));
        Assert.Contains(reason, error.Reason);
        Assert.Equal($"{path}: {error.Reason}", error.Message);
        Assert.Equal(path, error.File);
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_noticed()
    {
        var path = _folder["m.safetensors"];
        SafetensorsFile.Write(path, [SafetensorsEntry.From("w", [4], new float[4])], new Dictionary<string, string> { ["a"] = "b" });
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains("cut short", Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(path)).Reason);
        }
    }

    [Fact]
    public void Random_damage_is_an_error_or_a_file_but_never_anything_else()
    {
        var path = _folder["m.safetensors"];
        SafetensorsFile.Write(path, [SafetensorsEntry.From("w", [4], new float[4]), SafetensorsEntry.From("b", [2], new int[2])]);
        var whole = File.ReadAllBytes(path);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            var damaged = (byte[])whole.Clone();
            foreach (var (place, value) in changes)
                damaged[place] = value;
            File.WriteAllBytes(path, damaged);
            try
            {
                using var content = SafetensorsFile.Read(path);
                foreach (var tensor in content.Tensors)
                    content.CopyTo(tensor.Name, new byte[tensor.ByteLength]);
            }
            catch (CheckpointException)
            {
                // An error that says so is what damage should give.
            }
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void A_header_length_out_of_bounds_allocates_nothing()
    {
        var path = _folder.Write("huge.safetensors", [.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]);
        Assert.Contains("more than the format allows", Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(path)).Reason);
        path = _folder.Write("short.safetensors", [.. BitConverter.GetBytes(50_000_000UL), .. "{}"u8]);
        Assert.Contains("its header has 50000000 bytes, but only 2 follow: the file was cut short.", Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(path)).Reason);
    }

    [Fact]
    public void A_missing_file_and_a_missing_tensor_say_so()
    {
        Assert.Contains("there is no such file", Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(_folder["none"])).Reason);
        var path = _folder["m.safetensors"];
        SafetensorsFile.Write(path, [SafetensorsEntry.From("w", [1], new float[1])]);
        using var content = SafetensorsFile.Read(path);
        Assert.Equal("it has no tensor 'v'.", Assert.Throws<CheckpointException>(() => content.ToArray<float>("v")).Reason);
        Assert.Equal("'w: F32[1]' was asked for as I32.", Assert.Throws<CheckpointException>(() => content.ToArray<int>("w")).Reason);
        Assert.Throws<ArgumentException>(() => content.CopyTo("w", new byte[3]));
    }

    [Fact]
    public void Entries_that_contradict_themselves_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.From("w", [2], new float[3]));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.From("w", [-1, -3], new float[3]));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.From("w", [1], new char[1]));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.From("__metadata__", [1], new float[1]));
        var path = _folder["m.safetensors"];
        var entry = SafetensorsEntry.From("w", [1], new float[1]);
        Assert.Contains("Two tensors are called 'w'.", Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(path, [entry, entry])).Message);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Native_memory_is_written_and_read_without_arrays()
    {
        var path = _folder["m.safetensors"];
        var values = stackalloc float[3] { 1, 2, 3 };
        SafetensorsFile.Write(path, [new SafetensorsEntry("w", SafetensorsDtype.Float32, [3], values, 12, owner: null)]);
        var read = stackalloc float[3];
        using var content = SafetensorsFile.Read(path);
        content.CopyTo("w", read, 12);
        Assert.Equal([1f, 2f, 3f], new ReadOnlySpan<float>(read, 3).ToArray());
    }

    private string Write(string header, byte[] data)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)bytes.Length);
        return _folder.Write("other.safetensors", [.. prefix, .. bytes, .. data]);
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_called_one()
    {
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Read(Path.GetTempPath()));
        Assert.Equal("it is a folder, not a file. Name the file in it.", error.Reason);
    }
}
