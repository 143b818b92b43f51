"""Departments and their organization, as admins set them up at the pages."""


def test_an_organization_that_is_called_what_it_is_called_already_is_not_changed(stages):
    admin, rename = stages.hospital.admin, stages.journey.departments.rename_organization
    before = stages.rows()
    assert rename(admin, stages.hospital.organization.name, stages.now) == stages.hospital.organization
    assert stages.rows() == before
