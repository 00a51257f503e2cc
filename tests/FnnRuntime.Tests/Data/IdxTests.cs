namespace FeedbackNN.Runtime.Tests.Data;

public sealed class IdxTests : IDisposable
{
    private static readonly byte[] Images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6];
    private static readonly byte[] Labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pictures_and_labels_are_read(bool packed)
    {
        var images = _folder.Write("images", packed ? TemporaryFolder.Pack(Images) : Images);
        var labels = _folder.Write("labels", packed ? TemporaryFolder.Pack(Labels) : Labels);

        Assert.Equal([2, 2, 3], IdxFile.ReadImages(images).Shape);
        Assert.Equal(Images[16..], IdxFile.ReadBytes(images).Values);
        Assert.Equal([7, 9], IdxFile.ReadLabels(labels, 10));

        var data = IdxFile.ReadLabelled(images, labels, 10);
        Assert.Equal([0f, 0.2f, 0.4f, 0.6f, 0.8f, 1f], data[0].Features.ToArray());
        Assert.Equal(9, data[1].Label);
    }

    public static TheoryData<byte[], string> Damaged => new()
    {
        { [], "byte 0: the file ends inside its first 4 bytes: it was cut short. Fetch or copy the file again." },
        { [0, 0, 8], "byte 3: the file ends inside its first 4 bytes" },
        { [1, 0, 8, 1], "byte 0: an idx file begins with two zero bytes, this one with 01 00. Check that it is the right file." },
        { [0, 0, 13, 1], "byte 2: the element type is 0D (floats of 32 bits); only 08, unsigned bytes, is read." },
        { [0, 0, 7, 1], "byte 2: the element type is 07 (unknown)" },
        { [0, 0, 8, 0], "byte 3: it has no dimensions." },
        { [0, 0, 8, 1, 0, 0], "byte 6: the file ends inside the size of dimension 0" },
        { [0, 0, 8, 1, 255, 255, 255, 255], "byte 4: the sizes -1 are more than fits in memory" },
        { [0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0], "byte 8: the sizes 65536 x 65536 are more than fits in memory" },
        { [0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3], "byte 11: the file ends after 3 of the 5 bytes that its sizes 5 call for: it was cut short." },
        { [0, 0, 8, 1, 127, 0, 0, 0, 1, 2, 3], "byte 11: the file ends after 3 of the 2130706432 bytes" },
        { [0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3], "byte 10: more bytes follow the 2 that its sizes 2 call for." },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Bad_content_gets_one_clear_error(byte[] content, string message)
    {
        var path = _folder.Write("t.idx", content);
        var error = Assert.Throws<DataException>(() => IdxFile.ReadBytes(path));
        Assert.StartsWith($"{path}, {message}", error.Message);
        Assert.NotNull(error.Offset);
    }

    [Fact]
    public void Files_that_were_mixed_up_are_noticed()
    {
        var images = _folder.Write("images", Images);
        var labels = _folder.Write("labels", Labels);
        var three = _folder.Write("three", [0, 0, 8, 1, 0, 0, 0, 3, 7, 9, 1]);

        Assert.Contains("it has 1 dimension and pictures have 3. Check that it isn't the file of labels.", Assert.Throws<DataException>(() => IdxFile.ReadImages(labels)).Message);
        Assert.Contains("it has 3 dimensions and labels have 1. Check that it isn't the file of pictures.", Assert.Throws<DataException>(() => IdxFile.ReadLabels(images, 10)).Message);
        Assert.Contains($"three: it has 3 labels, but {images} has 2 pictures.", Assert.Throws<DataException>(() => IdxFile.ReadLabelled(images, three, 10)).Message);
        Assert.Contains("byte 9: label 1 is 9, not one of 0 to 7.", Assert.Throws<DataException>(() => IdxFile.ReadLabels(labels, 8)).Message);
    }
}
